#include "tests/support/test_authority.hpp"

#include "daemon/base/base64.hpp"

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace vanthu::test {
namespace {

std::string without_percent(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto byte = text[i] == '%' && i + 2 < text.size() ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
        out += byte ? static_cast<char>(byte->front()) : text[i];
        if (byte) i += 2;
    }
    return out;
}

struct request {
    std::string method, path, content_type;
    bytes body;
    bool complete = false;
};

request read_request(int fd) {
    request r;
    std::string text;
    std::size_t head = text.npos, length = 0;
    char chunk[8192];
    while (text.size() < (1u << 20)) {
        if (head != text.npos && text.size() >= head + 4 + length) {
            r.complete = true;
            r.body = to_bytes(std::string_view(text).substr(head + 4, length));
            return r;
        }
        ssize_t n = ::recv(fd, chunk, sizeof chunk, 0);
        if (n <= 0) return r;
        text.append(chunk, static_cast<std::size_t>(n));
        if (head != text.npos || (head = text.find("\r\n\r\n")) == text.npos) continue;
        std::size_t first = text.find(' '), second = text.find(' ', first + 1);
        if (second == text.npos) return r;
        r.method = text.substr(0, first);
        r.path = text.substr(first + 1, second - first - 1);
        for (std::size_t at = text.find("\r\n") + 2; at < head + 2;) {
            std::size_t end = text.find("\r\n", at), colon = text.find(':', at);
            if (colon < end) {
                std::string name = text.substr(at, colon - at), value = text.substr(colon + 1, end - colon - 1);
                value.erase(0, value.find_first_not_of(' '));
                if (strcasecmp(name.c_str(), "content-length") == 0) length = std::strtoul(value.c_str(), nullptr, 10);
                if (strcasecmp(name.c_str(), "content-type") == 0) r.content_type = value;
            }
            at = end + 2;
        }
    }
    return r;
}

void answer(int fd, const char* status, const char* type, bytes_view body) {
    char head[256];
    int size = std::snprintf(head, sizeof head,
                             "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                             status, type, body.size());
    std::string all(head, static_cast<std::size_t>(size));
    all += as_text(body);
    for (std::size_t done = 0; done < all.size();) {
        ssize_t n = ::send(fd, all.data() + done, all.size() - done, MSG_NOSIGNAL);
        if (n <= 0) return;
        done += static_cast<std::size_t>(n);
    }
}

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::abort();
}

} // namespace

authority_server::authority_server(std::function<authority()> source, options o)
    : source_(std::move(source)), options_(o) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    wake_ = ::eventfd(0, EFD_CLOEXEC);
    int yes = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(o.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        die("authority_server");
    port_ = ntohs(address.sin_port);
    // As many may wait in a slow answer at once.
    for (int i = 0; i < 8; ++i) threads_.emplace_back([this] { run(); });
}

authority_server::~authority_server() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stopped_.notify_all();
    std::uint64_t one = 1;
    if (::write(wake_, &one, sizeof one) != sizeof one) die("authority_server");
    for (std::thread& t : threads_) t.join();
    ::close(listener_);
    ::close(wake_);
}

std::string authority_server::url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

void authority_server::run() {
    for (;;) {
        pollfd wait[] = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
        if (::poll(wait, 2, -1) < 0 && errno != EINTR) die("poll");
        if (wait[1].revents != 0) return; // never read, so every thread sees it
        if (wait[0].revents == 0) continue;
        int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue; // another thread was faster
        serve(connection);
        ::close(connection);
    }
}

void authority_server::serve(int fd) {
    timeval patience{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    request r = read_request(fd);
    if (!r.complete) return answer(fd, "400 Bad Request", "text/plain", {});
    if (std::size_t asked = r.path.find("/ocsp/"); r.method == "GET" && asked != r.path.npos) {
        r.body = base64_decode(without_percent(r.path.substr(asked + 6))).value_or(bytes{});
        r.path.resize(asked + 5);
        r.method = "POST";
        r.content_type = "application/ocsp-request";
    }
    std::size_t last = r.path.rfind('/'), from = r.path.find_first_not_of('/');
    std::string_view name = std::string_view(r.path).substr(last == r.path.npos ? 0 : last + 1);
    fault how = options_.always;
    if (from != r.path.npos && from < last) {
        auto given = fault_of(std::string_view(r.path).substr(from, last - from));
        if (!given) return answer(fd, "404 Not Found", "text/plain", {});
        how = *given;
    }
    if (how == fault::hang_up) return;
    if (how == fault::http_error) return answer(fd, "503 Service Unavailable", "text/plain", {});
    if (how == fault::slow) {
        std::unique_lock lock(mutex_);
        if (stopped_.wait_for(lock, options_.slow, [this] { return stopping_; })) return;
    }
    timestamp now = system_clock().now();
    auto give = [&](const char* type, bytes_view body) {
        answer(fd, "200 OK", type, how == fault::garbage ? as_bytes("no DER at all") : body);
    };
    if (r.method == "GET") {
        authority who = source_();
        const identity& issuer = name.starts_with("root.") ? who.root : who.sub;
        bool known = name == "root.crl" || name == "sub.crl" || name == "root.crt" || name == "sub.crt";
        // As the Government's TSA does: 403 for a GET.
        if (!known) return answer(fd, "403 Forbidden", "text/plain", {});
        if (how == fault::refuse) return answer(fd, "404 Not Found", "text/plain", {});
        if (name.ends_with(".crl")) return give("application/pkix-crl", who.crl(issuer, now, how));
        return give("application/pkix-cert", issuer.certificate_der());
    }
    if (r.method != "POST") return answer(fd, "403 Forbidden", "text/plain", {});
    if (r.content_type.starts_with("application/timestamp-query"))
        return give("application/timestamp-reply", source_().timestamp_reply(r.body, now, how));
    if (r.content_type.starts_with("application/ocsp-request"))
        return give("application/ocsp-response", source_().ocsp(r.body, now, how));
    answer(fd, "400 Bad Request", "text/plain", {});
}

} // namespace vanthu::test
