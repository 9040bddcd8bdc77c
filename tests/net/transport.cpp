#include "daemon/net/transport.hpp"
#include "tests/net/certificates.hpp"
#include "tests/net/loopback.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>

using namespace vanthu;
using namespace vanthu::net;
using namespace std::chrono_literals;

namespace {
struct openssl_free {
    void operator()(SSL* p) const { SSL_free(p); }
    void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
};

// The other end: blocking OpenSSL on a socket of its own. A server's end sends session tickets, which ours never does.
struct other_end {
    unique_fd fd;
    std::unique_ptr<SSL_CTX, openssl_free> context;
    std::unique_ptr<SSL, openssl_free> session;

    void speak_tls(bool as_server) {
        context.reset(SSL_CTX_new(as_server ? TLS_server_method() : TLS_client_method()));
        const certificates& c = certificates::get();
        if (as_server) {
            BOOST_REQUIRE(SSL_CTX_use_certificate_chain_file(context.get(), (c / "server.pem").c_str()) == 1);
            BOOST_REQUIRE(SSL_CTX_use_PrivateKey_file(context.get(), (c / "server.key").c_str(), SSL_FILETYPE_PEM) == 1);
        }
        session.reset(SSL_new(context.get()));
        SSL_set_fd(session.get(), fd.get());
    }
    int write(std::string_view text) const {
        return SSL_write(session.get(), text.data(), static_cast<int>(text.size()));
    }
};

struct pair_of_ends {
    asio::io_context& io;
    transport::role as;
    other_end far;
    std::optional<transport> near;
    int near_socket = -1;
    ssl_context context;

    explicit pair_of_ends(asio::io_context& on, transport::role ours = transport::role::server) : io(on), as(ours) {
        unique_fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        BOOST_REQUIRE(::bind(listening.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
        BOOST_REQUIRE(::listen(listening.get(), 1) == 0);
        BOOST_REQUIRE(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
        far.fd = std::move(bare_socket(ntohs(at.sin_port)).fd);
        const int at_once = 1; // what is written is there: no waiting for acknowledgements
        ::setsockopt(far.fd.get(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
        near_socket = ::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC);
        near.emplace(transport::socket(io, asio::generic::stream_protocol(AF_INET, IPPROTO_TCP), near_socket));
        const certificates& c = certificates::get();
        context = as == transport::role::server
                      ? server_context({.certificate_file = c / "server.pem", .key_file = c / "server.key"}).value()
                      : client_context({.ca_file = c / "ca.pem"}).value();
    }
    void shake_hands() {
        far.speak_tls(as == transport::role::client);
        auto answered = std::async(std::launch::async, [&] {
            return as == transport::role::server ? SSL_connect(far.session.get()) : SSL_accept(far.session.get());
        });
        auto ours = as == transport::role::server ? new_session(context) : new_session(context, "localhost");
        auto shaken = run(near->handshake(std::move(ours), as, in(20s)));
        BOOST_REQUIRE_MESSAGE(shaken.has_value(), (shaken ? "" : shaken.error().detail));
        BOOST_REQUIRE(answered.get() == 1);
    }
    template <class T> result<T> run(task<T> t) {
        std::optional<result<T>> out;
        asio::co_spawn(io, std::move(t), [&](std::exception_ptr e, result<T> r) {
            BOOST_REQUIRE(!e);
            out.emplace(std::move(r));
        });
        io.restart();
        while (!out && io.run_one() > 0) {}
        BOOST_REQUIRE(out.has_value());
        return std::move(*out);
    }
    result<std::string> read(std::chrono::milliseconds patience = 20s) {
        std::uint8_t room[1024];
        auto n = run(near->read_some(room, in(patience)));
        if (!n) return std::unexpected(n.error());
        return std::string(reinterpret_cast<char*>(room), *n);
    }
};
} // namespace

BOOST_AUTO_TEST_CASE(the_end_of_a_stream_is_orderly_only_where_it_was_said) {
    asio::io_context io;
    pair_of_ends said(io);
    said.shake_hands();
    said.far.write("abc");
    SSL_shutdown(said.far.session.get());
    BOOST_TEST(said.read().value() == "abc");
    BOOST_TEST(said.read().value() == "");
    BOOST_TEST(said.read().value() == "");

    pair_of_ends cut(io);
    cut.shake_hands();
    cut.far.write("abc");
    cut.far.fd.reset();
    BOOST_TEST(cut.read().value() == "abc");
    BOOST_TEST((cut.read().error().code == errc::connection_closed));

    pair_of_ends noise(io);
    noise.shake_hands();
    noise.far.write("abc");
    BOOST_REQUIRE(::send(noise.far.fd.get(), "this is no record of TLS", 24, 0) == 24);
    BOOST_TEST(noise.read().value() == "abc"); // what came before it is not lost with it
    BOOST_TEST((noise.read().error().code == errc::tls_failed));
    BOOST_TEST((noise.read().error().code == errc::tls_failed));
}

BOOST_AUTO_TEST_CASE(who_cuts_the_stream_behind_a_request_still_gets_his_answer) {
    asio::io_context io;
    pair_of_ends l(io);
    l.shake_hands();
    l.far.write("request");
    BOOST_REQUIRE(::shutdown(l.far.fd.get(), SHUT_WR) == 0);
    BOOST_TEST(l.read().value() == "request");
    BOOST_REQUIRE(l.run(l.near->write(as_bytes("answer"), in(20s))).has_value());
    char answer[16] = {};
    BOOST_TEST(SSL_read(l.far.session.get(), answer, sizeof answer) == 6);
    BOOST_TEST((l.read().error().code == errc::connection_closed));
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_stale_once_the_other_side_has_closed_it_or_spoken) {
    asio::io_context io;
    for (const std::string how : {"says close_notify", "speaks", "closes"}) {
        pair_of_ends l(io, transport::role::client);
        l.shake_hands();
        BOOST_TEST(!l.near->stale(), how); // its session tickets are nothing that anybody reads
        if (how == "speaks")
            l.far.write("HTTP/1.1 408 Request Timeout\r\n\r\n");
        else if (how == "closes")
            l.far.fd.reset();
        else
            SSL_shutdown(l.far.session.get());
        BOOST_TEST(l.near->stale(), how);
    }
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_a_wait_and_leaves_the_other_direction_usable) {
    asio::io_context io;
    pair_of_ends silent(io);
    auto shaken = silent.run(silent.near->handshake(new_session(silent.context), transport::role::server, in(20ms)));
    BOOST_TEST((shaken.error().code == errc::timed_out));

    pair_of_ends l(io);
    l.shake_hands();
    BOOST_TEST((l.read(20ms).error().code == errc::timed_out));
    BOOST_REQUIRE(l.run(l.near->write(as_bytes("still here"), in(20s))).has_value());
    char answer[16] = {};
    BOOST_TEST(SSL_read(l.far.session.get(), answer, sizeof answer) == 10);
    BOOST_TEST(answer == std::string("still here"));

    // Somebody who does not read: what the socket takes is written, then the deadline comes.
    const bytes much(64u << 20);
    BOOST_TEST((l.run(l.near->write(much, in(200ms))).error().code == errc::timed_out));
}

// Two connections of one thread, each with more to read than a turn brings.
BOOST_AUTO_TEST_CASE(who_always_has_something_to_read_lets_others_have_their_turn) {
    asio::io_context io;
    pair_of_ends one(io), other(io);
    std::string order;
    std::size_t waiting = 0; // held by the kernel for each until it is read
    for (pair_of_ends* l : {&one, &other}) {
        l->shake_hands();
        BOOST_REQUIRE(::fcntl(l->far.fd.get(), F_SETFL, ::fcntl(l->far.fd.get(), F_GETFL) | O_NONBLOCK) == 0);
        const std::string record(16 * 1024, 'x');
        std::size_t written = 0;
        while (l->far.write(record) > 0) written += record.size();
        BOOST_REQUIRE_MESSAGE(written > (1u << 20), written);
        waiting = waiting == 0 ? written : std::min(waiting, written);
    }
    auto read_all = [&](transport& from, char name) -> asio::awaitable<void> {
        std::vector<std::uint8_t> room(64 * 1024);
        for (std::size_t read = 0; read < waiting;) {
            auto n = co_await from.read_some(room, in(20s));
            BOOST_REQUIRE((n && *n > 0));
            read += *n;
            order += name;
        }
    };
    asio::co_spawn(io, read_all(*one.near, 'a'), asio::detached);
    asio::co_spawn(io, read_all(*other.near, 'b'), asio::detached);
    io.restart();
    io.run();
    BOOST_TEST(order.find('b') < order.size() / 4, order);
}

// Records that bring nothing to read keep nobody busy for longer than others do.
BOOST_AUTO_TEST_CASE(a_flood_of_key_updates_lets_others_have_their_turn_and_a_deadline_come) {
    asio::io_context io;
    pair_of_ends l(io);
    l.shake_hands();
    BOOST_REQUIRE(::fcntl(l.far.fd.get(), F_SETFL, ::fcntl(l.far.fd.get(), F_GETFL) | O_NONBLOCK) == 0);
    while (SSL_key_update(l.far.session.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(l.far.session.get()) == 1) {}
    std::size_t turns = 0;
    std::function<void()> another = [&] {
        int waiting = 0;
        if (::ioctl(l.near_socket, FIONREAD, &waiting) != 0 || waiting == 0) return l.near->expire();
        ++turns;
        asio::post(io, another);
    };
    asio::post(io, another);
    BOOST_TEST((l.read().error().code == errc::timed_out));
    BOOST_TEST(turns > 3, turns);
}
