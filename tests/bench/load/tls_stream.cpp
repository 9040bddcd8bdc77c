#include "tests/bench/load/tls_stream.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace vanthu::bench {

tls_stream::tls_stream(const std::string& host, int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
        throw std::runtime_error("no IPv4 address: " + host);
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    timeval patience{.tv_sec = 60, .tv_usec = 0};
    if (socket_ < 0 || ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        std::string why = std::strerror(errno);
        if (socket_ >= 0) ::close(socket_);
        throw std::runtime_error("no connection to port " + std::to_string(port) + ": " + why);
    }
}

tls_stream::~tls_stream() {
    if (tls_) {
        SSL_shutdown(tls_);
        SSL_free(tls_);
    }
    ::close(socket_);
}

void tls_stream::secure(const std::string& ca_file, const std::string& name) {
    context_ = std::shared_ptr<SSL_CTX>(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    if (!context_ || SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr) != 1)
        throw std::runtime_error("no CA certificates in " + ca_file);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    tls_ = SSL_new(context_.get());
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_), name.c_str());
    if (SSL_set_fd(tls_, socket_) != 1 || SSL_connect(tls_) != 1) {
        char why[200] = "";
        ERR_error_string_n(ERR_get_error(), why, sizeof why);
        throw std::runtime_error(std::string("no TLS: ") + why);
    }
}

void tls_stream::write(std::string_view text) {
    while (!text.empty()) {
        std::size_t n = 0;
        if (tls_) {
            if (SSL_write_ex(tls_, text.data(), text.size(), &n) != 1) throw std::runtime_error("the connection broke");
        } else {
            ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) throw std::runtime_error("the connection broke");
            n = static_cast<std::size_t>(sent);
        }
        text.remove_prefix(n);
    }
}

void tls_stream::fill() {
    if (taken_ == ahead_.size()) ahead_.clear(), taken_ = 0;
    char block[16'384];
    std::size_t n = 0;
    if (tls_) {
        if (SSL_read_ex(tls_, block, sizeof block, &n) != 1) throw std::runtime_error("the server closed or is silent");
    } else {
        ssize_t got = ::recv(socket_, block, sizeof block, 0);
        if (got <= 0) throw std::runtime_error("the server closed or is silent");
        n = static_cast<std::size_t>(got);
    }
    ahead_.append(block, n);
}

std::string tls_stream::read_line() {
    for (std::size_t from = taken_;;) {
        if (std::size_t end = ahead_.find('\n', from); end != std::string::npos) {
            std::string line = ahead_.substr(taken_, end - taken_);
            taken_ = end + 1;
            if (!line.empty() && line.back() == '\r') line.pop_back();
            return line;
        }
        const std::size_t searched = ahead_.size() - taken_;
        fill(); // may move what is unread to the front
        from = taken_ + searched;
    }
}

std::string tls_stream::read_exactly(std::size_t n) {
    while (ahead_.size() - taken_ < n) fill();
    std::string out = ahead_.substr(taken_, n);
    taken_ += n;
    return out;
}

std::string tls_stream::described() const {
    return tls_ ? std::string(SSL_get_version(tls_)) + " " + SSL_get_cipher_name(tls_) : std::string();
}

} // namespace vanthu::bench
