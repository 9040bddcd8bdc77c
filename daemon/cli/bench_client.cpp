#include "daemon/cli/bench_client.hpp"

#include "daemon/cli/errors.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace vanthu::cli {
namespace {

void must(bool ok) {
    if (!ok) std::abort();
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    return at;
}

void send_at_once(int fd) {
    int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool equal_start(std::string_view line, std::string_view name) {
    return line.size() >= name.size() && std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
               return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
           });
}

} // namespace

std::shared_ptr<ssl_ctx_st> bench_client_context(const std::filesystem::path& ca) {
    std::shared_ptr<SSL_CTX> c(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    must(c && SSL_CTX_set_min_proto_version(c.get(), TLS1_3_VERSION) == 1 &&
         SSL_CTX_load_verify_locations(c.get(), ca.c_str(), nullptr) == 1);
    SSL_CTX_set_verify(c.get(), SSL_VERIFY_PEER, nullptr);
    return c;
}

bench_connection::bench_connection(bench_connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), tls_(std::exchange(other.tls_, nullptr)) {}

bench_connection::~bench_connection() {
    SSL_free(tls_);
    if (fd_ >= 0) ::close(fd_);
}

result<bench_connection> bench_connection::to_port(ssl_ctx_st* context, std::uint16_t port) {
    bench_connection out;
    out.fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in at = loopback(port);
    if (out.fd_ < 0 || ::connect(out.fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
        return failed(errc::bench_failed, std::string("connect: ") + std::strerror(errno));
    send_at_once(out.fd_);
    if (!context) return out;
    out.tls_ = SSL_new(context);
    must(out.tls_ && SSL_set_fd(out.tls_, out.fd_) == 1 &&
         X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(out.tls_), "127.0.0.1") == 1);
    if (SSL_connect(out.tls_) != 1) {
        char why[256];
        ERR_error_string_n(ERR_get_error(), why, sizeof why);
        return failed(errc::bench_failed, std::string("TLS: ") + why);
    }
    return out;
}

result<bench_connection> bench_connection::to_socket(const std::filesystem::path& path) {
    bench_connection out;
    out.fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
    if (out.fd_ < 0 || ::connect(out.fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
        return failed(errc::bench_failed, path.string() + ": " + std::strerror(errno));
    return out;
}

bool bench_connection::write(std::string_view text) {
    while (!text.empty()) {
        std::size_t n = 0;
        if (tls_) {
            if (SSL_write_ex(tls_, text.data(), text.size(), &n) != 1) return false;
        } else {
            const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            n = static_cast<std::size_t>(sent);
        }
        text.remove_prefix(n);
    }
    return true;
}

std::ptrdiff_t bench_connection::read(char* into, std::size_t size) {
    if (!tls_) return ::recv(fd_, into, size, 0);
    std::size_t n = 0;
    if (SSL_read_ex(tls_, into, size, &n) == 1) return static_cast<std::ptrdiff_t>(n);
    return SSL_get_error(tls_, 0) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

result<bench_connection::answer> bench_connection::send(std::string_view head, std::string_view body) {
    auto broken = [](const char* what) { return failed(errc::bench_failed, what); };
    if (!write(head) || !write(body)) return broken("the connection broke while sending");
    std::string seen;
    char piece[16u << 10];
    std::size_t head_end = seen.npos;
    std::optional<std::size_t> whole;
    while (!whole || seen.size() < *whole) {
        const std::ptrdiff_t n = read(piece, sizeof piece);
        if (n < 0 || (n == 0 && (whole || head_end == seen.npos)))
            return broken("the connection broke before the answer");
        if (n == 0) break;
        seen.append(piece, static_cast<std::size_t>(n));
        if (head_end != seen.npos) continue;
        head_end = seen.find("\r\n\r\n");
        if (head_end == seen.npos) continue;
        for (std::size_t at = 0; at < head_end;) {
            const std::size_t end = seen.find("\r\n", at);
            std::string_view line = std::string_view(seen).substr(at, end - at);
            if (equal_start(line, "content-length:")) {
                line.remove_prefix(15);
                while (line.starts_with(' ')) line.remove_prefix(1);
                std::size_t length = 0;
                std::from_chars(line.data(), line.data() + line.size(), length);
                whole = head_end + 4 + length;
            }
            at = end + 2;
        }
    }
    answer out;
    if (seen.size() < 12) return broken("no answer");
    std::from_chars(seen.data() + 9, seen.data() + 12, out.status);
    out.body = seen.substr(head_end + 4);
    return out;
}

double thread_cpu_seconds() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

transfer_cost measure_transfer(const std::filesystem::path& ca, const std::filesystem::path& certificate,
                               const std::filesystem::path& key, std::string_view head, std::string_view body,
                               std::size_t answer_size, unsigned rounds) {
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    must(context && SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) == 1 &&
         SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) == 1);
    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at = loopback(0);
    socklen_t length = sizeof at;
    must(listening >= 0 && ::bind(listening, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 &&
         ::listen(listening, 1) == 0 && ::getsockname(listening, reinterpret_cast<sockaddr*>(&at), &length) == 0);
    const std::string answer =
        fmt::format("HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n{}", answer_size, std::string(answer_size, 'x'));
    transfer_cost cost;
    std::thread server([&] {
        const int fd = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
        must(fd >= 0);
        send_at_once(fd);
        SSL* tls = SSL_new(context.get());
        must(tls && SSL_set_fd(tls, fd) == 1 && SSL_accept(tls) == 1);
        char piece[64u << 10];
        const double begin = thread_cpu_seconds();
        for (unsigned i = 0; i < rounds; ++i) {
            for (std::size_t got = 0, n = 0; got < head.size() + body.size(); got += n)
                must(SSL_read_ex(tls, piece, sizeof piece, &n) == 1);
            must(SSL_write(tls, answer.data(), static_cast<int>(answer.size())) > 0);
        }
        cost.server_us = (thread_cpu_seconds() - begin) * 1e6 / rounds;
        SSL_free(tls);
        ::close(fd);
    });
    {
        const auto trusted = bench_client_context(ca);
        auto connection = bench_connection::to_port(trusted.get(), ntohs(at.sin_port));
        must(connection.has_value());
        const double begin = thread_cpu_seconds();
        for (unsigned i = 0; i < rounds; ++i) must(connection->send(head, body).has_value());
        cost.client_us = (thread_cpu_seconds() - begin) * 1e6 / rounds;
        server.join();
    }
    ::close(listening);
    return cost;
}

} // namespace vanthu::cli
