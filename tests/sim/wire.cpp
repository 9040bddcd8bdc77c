#include "tests/sim/wire.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace vanthu::sim {
namespace {

constexpr std::size_t header_limit = 256u << 10;

std::shared_ptr<SSL_CTX> context(const SSL_METHOD* method, const identity_files& files, int verify) {
    std::shared_ptr<SSL_CTX> out(SSL_CTX_new(method), SSL_CTX_free);
    SSL_CTX_set_min_proto_version(out.get(), TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(out.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(out.get(), 0);
    if (SSL_CTX_use_certificate_chain_file(out.get(), files.certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(out.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(out.get(), files.ca.c_str(), nullptr) != 1)
        throw broken("certificate, key or CA cannot be used");
    SSL_CTX_set_verify(out.get(), verify, nullptr);
    return out;
}

std::uint16_t port_of(const std::string& text) {
    const auto colon = text.rfind(':');
    std::uint16_t port = 0;
    if (colon != std::string::npos) std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    return port;
}

void bound(int socket, int seconds) {
    timeval t{seconds, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
    int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

} // namespace

std::shared_ptr<SSL_CTX> server_side(const identity_files& f) {
    return context(TLS_server_method(), f, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
}
std::shared_ptr<SSL_CTX> client_side(const identity_files& f) {
    return context(TLS_client_method(), f, SSL_VERIFY_PEER);
}

std::string message::word(unsigned n) const {
    std::string_view rest = first;
    for (;; --n) {
        const auto space = rest.find(' ');
        if (n == 0) return std::string(rest.substr(0, space));
        if (space == std::string_view::npos) return {};
        rest.remove_prefix(space + 1);
    }
}
int message::status() const { return first.starts_with("HTTP/1.1 ") ? std::atoi(word(1).c_str()) : 0; }

wire::wire(int socket, const std::shared_ptr<SSL_CTX>& context, bool accepting)
    : context_(context), socket_(socket), ssl_(SSL_new(context.get())) {
    bound(socket_, 30);
    SSL_set_fd(ssl_, socket_);
    if ((accepting ? SSL_accept(ssl_) : SSL_connect(ssl_)) != 1) {
        ERR_clear_error();
        SSL_free(ssl_);
        ::close(socket_);
        throw broken("handshake");
    }
}

wire::~wire() {
    if (socket_ >= 0) {
        (void)SSL_shutdown(ssl_);
        ::close(socket_);
    }
    ERR_clear_error();
    SSL_free(ssl_);
}

void wire::cut() {
    linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(socket_);
    socket_ = -1;
}

bool wire::more() {
    char block[16384];
    const int got = SSL_read(ssl_, block, sizeof block);
    if (got <= 0) {
        const bool orderly = SSL_get_error(ssl_, got) == SSL_ERROR_ZERO_RETURN;
        ERR_clear_error();
        if (orderly) return false;
        throw broken("read");
    }
    held_.append(block, std::size_t(got));
    return true;
}

std::optional<message> wire::read_head() {
    std::size_t end;
    while ((end = held_.find("\r\n\r\n")) == std::string::npos) {
        if (held_.size() > header_limit) throw broken("header too large");
        if (!more()) {
            if (held_.empty()) return std::nullopt;
            throw broken("half a header");
        }
    }
    message out;
    std::string_view head = std::string_view(held_).substr(0, end);
    for (bool first = true; !head.empty(); first = false) {
        const auto line_end = head.find("\r\n");
        std::string_view line = head.substr(0, line_end);
        head.remove_prefix(line_end == std::string_view::npos ? head.size() : line_end + 2);
        if (first) {
            out.first = line;
            continue;
        }
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) throw broken("no header field");
        std::string name(line.substr(0, colon));
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return char(std::tolower(c)); });
        line.remove_prefix(colon + 1);
        while (line.starts_with(' ')) line.remove_prefix(1);
        out.fields[name] = line;
    }
    held_.erase(0, end + 4);
    return out;
}

std::uint64_t wire::body_length(const message& m) const {
    if (m.fields.contains("transfer-encoding")) throw broken("a body of unknown length");
    auto found = m.fields.find("content-length");
    return found == m.fields.end() ? 0 : std::strtoull(found->second.c_str(), nullptr, 10);
}

std::string wire::read_body(std::uint64_t length) {
    while (held_.size() < length)
        if (!more()) throw broken("half a body");
    std::string out = held_.substr(0, length);
    held_.erase(0, length);
    return out;
}

void wire::write(std::string_view text) {
    while (!text.empty()) {
        const int sent = SSL_write(ssl_, text.data(), int(std::min<std::size_t>(text.size(), 65536)));
        if (sent <= 0) {
            ERR_clear_error();
            throw broken("write");
        }
        text.remove_prefix(std::size_t(sent));
    }
}

void wire::write_slowly(std::string_view text, std::chrono::milliseconds whole) {
    const std::size_t pieces = std::clamp<std::size_t>(std::size_t(whole.count() / 20), 1, 50);
    const std::size_t each = text.size() / pieces + 1;
    for (; !text.empty(); text.remove_prefix(std::min(each, text.size()))) {
        write(text.substr(0, each));
        std::this_thread::sleep_for(whole / long(pieces));
    }
}

int listen_on_loopback(const std::string& address, std::uint16_t& port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port_of(address));
    socklen_t length = sizeof at;
    if (::bind(socket, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(socket, 256) != 0 ||
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &length) != 0)
        throw broken("cannot listen on " + address);
    port = ntohs(at.sin_port);
    return socket;
}

std::unique_ptr<wire> call(const std::string& url, const std::shared_ptr<SSL_CTX>& context) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port_of(url));
    if (::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
        ::close(socket);
        throw broken("connect " + url);
    }
    return std::make_unique<wire>(socket, context, false);
}

std::string answer_text(int status, std::string_view body, std::string_view more_fields) {
    return fmt::format("HTTP/1.1 {} Sim\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}", status,
                       more_fields, body.size(), body);
}

} // namespace vanthu::sim
