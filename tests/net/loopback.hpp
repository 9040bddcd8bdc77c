// Servers, clients and bare sockets on the loopback interface for the tests of this folder.
#pragma once

#include "daemon/base/files.hpp"
#include "daemon/net/client.hpp"
#include "daemon/net/error_object.hpp"
#include "daemon/net/io_threads.hpp"
#include "daemon/net/server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <boost/test/unit_test.hpp>
#include <future>
#include <list>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vanthu::net {

// Answers with what was asked: method, path, body.
inline asio::awaitable<response> echo(request& r) {
    auto body = co_await read_all(r.body, 1 << 20);
    if (!body) co_return error_response(body.error().code);
    co_return response::text(200, r.method + " " + r.path + " " + std::string(as_text(*body)));
}

struct running {
    io_threads threads{2, "test"};
    std::vector<std::string> failures; // public codes of on_failure, in order
    std::vector<std::string> details;
    std::mutex guard;
    std::unique_ptr<server> at;

    explicit running(listener_options options, handler h = echo) {
        if (options.address.empty()) options.address = "127.0.0.1:0";
        options.on_failure = [this](const failure& f, const peer_identity*) {
            std::lock_guard lock(guard);
            failures.push_back(public_code(f.code));
            details.push_back(f.detail);
        };
        auto opened = server::open(threads.executors(), std::move(options), std::move(h));
        BOOST_REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().detail));
        at = std::move(*opened);
    }
    ~running() { at.reset(); }
    bool saw(const std::string& code) {
        for (int i = 0; i < 500; ++i) {
            {
                std::lock_guard lock(guard);
                for (const std::string& f : failures)
                    if (f == code) return true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return false;
    }
};

// Runs a task on an executor of `threads` and waits for its answer.
template <class T> result<T> ask(io_threads& threads, task<T> t) {
    std::promise<result<T>> out;
    asio::co_spawn(threads.executor(0), std::move(t), [&](std::exception_ptr e, result<T> r) {
        if (e)
            out.set_exception(e);
        else
            out.set_value(std::move(r));
    });
    return out.get_future().get();
}

// A blocking socket, for what no well-behaved client does.
struct bare_socket {
    unique_fd fd;
    explicit bare_socket(std::uint16_t port) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        BOOST_REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    }
    void send(std::string_view text) const { (void)!::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL); }
    std::string read_some() const {
        char chunk[65536];
        const ssize_t n = ::recv(fd.get(), chunk, sizeof chunk, 0);
        return n > 0 ? std::string(chunk, static_cast<std::size_t>(n)) : std::string();
    }
    std::string read_until(std::string_view mark) const {
        std::string out;
        while (out.find(mark) == std::string::npos) {
            const std::string more = read_some();
            if (more.empty()) break;
            out += more;
        }
        return out;
    }
    std::string read_to_end() const {
        std::string out;
        for (std::string more; !(more = read_some()).empty();) out += more;
        return out;
    }
    bool closed() const { // by the other side, with nothing left to read
        char next;
        const ssize_t n = ::recv(fd.get(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
        return n == 0 || (n < 0 && errno == ECONNRESET);
    }
};

// Waits until `wanted` of them were closed. A server's threads accept each from a queue of its own: only then all of
// these have come in before whoever connects next.
inline bool gave_way(const std::list<bare_socket>& all, std::ptrdiff_t wanted) {
    for (int i = 0; i < 1000; ++i) {
        if (std::ranges::count_if(all, &bare_socket::closed) >= wanted) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

} // namespace vanthu::net
