#include "daemon/net/listen.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace vanthu::net {
namespace {
struct socket_address {
    sockaddr_storage storage{};
    socklen_t length = 0;
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    std::uint16_t port() const {
        return ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                                                   : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
    }
    void set_port(std::uint16_t p) {
        (storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                                       : reinterpret_cast<sockaddr_in&>(storage).sin_port) = htons(p);
    }
};

fail cannot(const std::string& address, const char* step) {
    const int error = errno;
    return failed(error == EADDRINUSE ? errc::address_in_use : errc::listen_failed,
                  fmt::format("{}: {}: {}", address, step, std::strerror(error)));
}

// "host:port" with a literal IPv4 address or an IPv6 address in brackets.
std::optional<socket_address> parse_tcp(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string host(text.substr(0, colon));
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    socket_address out;
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
        v6.sin6_family = AF_INET6;
        if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
        out.length = sizeof v6;
    } else {
        auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
        v4.sin_family = AF_INET;
        if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1) return std::nullopt;
        out.length = sizeof v4;
    }
    out.set_port(port);
    return out;
}

unique_fd new_socket(int family) { return unique_fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

void set_option(const unique_fd& fd, int option) {
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, option, &on, sizeof on);
}

result<listening> listen_tcp(const std::string& text, socket_address where, std::size_t count, int backlog) {
    // SO_REUSEPORT would let a second daemon of the same user bind the same port in silence: a socket without it looks
    // first.
    if (count > 1 && where.port() != 0) {
        unique_fd probe = new_socket(where.storage.ss_family);
        set_option(probe, SO_REUSEADDR);
        if (!probe || ::bind(probe.get(), where.get(), where.length) != 0) return cannot(text, "bind");
    }
    listening out;
    out.family = where.storage.ss_family;
    out.protocol = IPPROTO_TCP;
    for (std::size_t i = 0; i < count; ++i) {
        unique_fd fd = new_socket(where.storage.ss_family);
        if (!fd) return cannot(text, "socket");
        set_option(fd, SO_REUSEADDR);
        if (count > 1) set_option(fd, SO_REUSEPORT);
        if (::bind(fd.get(), where.get(), where.length) != 0) return cannot(text, "bind");
        // The next ones join the port the first one got.
        if (::getsockname(fd.get(), where.get(), &where.length) != 0) return cannot(text, "getsockname");
        if (::listen(fd.get(), backlog) != 0) return cannot(text, "listen");
        out.sockets.push_back(std::move(fd));
    }
    out.port = where.port();
    out.address = fmt::format("{}:{}", text.substr(0, text.rfind(':')), out.port);
    return out;
}

result<listening> listen_unix(const std::string& text, const std::filesystem::path& path, int backlog, unsigned mode) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    const std::string name = path.string();
    if (name.empty() || name.size() >= sizeof where.sun_path)
        return failed(errc::bad_address, text + ": path too long or empty");
    std::copy(name.begin(), name.end(), where.sun_path);
    struct stat found;
    if (::lstat(name.c_str(), &found) == 0) {
        if (!S_ISSOCK(found.st_mode)) return failed(errc::listen_failed, text + ": exists and is no socket");
        const unique_fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const int answer = ::connect(probe.get(), reinterpret_cast<sockaddr*>(&where), sizeof where);
        if (answer == 0 || errno != ECONNREFUSED) return failed(errc::address_in_use, text);
        ::unlink(name.c_str()); // left behind by a daemon that is gone
    }
    unique_fd fd = new_socket(AF_UNIX);
    if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) return cannot(text, "bind");
    // Nobody can connect before listen(), so the mode is right from the first moment.
    if (::chmod(name.c_str(), mode) != 0 || ::listen(fd.get(), backlog) != 0) {
        fail out = cannot(text, "listen");
        ::unlink(name.c_str());
        return out;
    }
    listening out;
    out.family = AF_UNIX;
    out.sockets.push_back(std::move(fd));
    out.address = text;
    out.unix_path = path;
    return out;
}
} // namespace

result<listening> listen_on(const std::string& address, std::size_t count, int backlog, unsigned unix_mode) {
    if (address.starts_with("unix:")) return listen_unix(address, address.substr(5), backlog, unix_mode);
    const auto where = parse_tcp(address);
    if (!where) return failed(errc::bad_address, address);
    return listen_tcp(address, *where, count, backlog);
}

} // namespace vanthu::net
