#include "tests/tools/tsa_server.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <cstdio>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace vanthu::test {
namespace {

volatile std::sig_atomic_t stopping = 0;
void stop(int) { stopping = 1; }

struct request {
    std::string method, content_type;
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
        r.method = text.substr(0, text.find(' '));
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

void serve(int fd, const identity& tsa, const std::vector<identity>& chain) {
    timeval patience{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    request r = read_request(fd);
    // As the Government's TSA does: only POST, only time stamp queries.
    if (!r.complete) return answer(fd, "400 Bad Request", "text/plain", {});
    if (r.method != "POST") return answer(fd, "403 Forbidden", "text/plain", {});
    if (!r.content_type.starts_with("application/timestamp-query"))
        return answer(fd, "400 Bad Request", "text/plain", {});
    answer(fd, "200 OK", "application/timestamp-reply", test_tsa(tsa, chain, r.body, system_clock().now()));
}

} // namespace

int serve_tsa(const identity& tsa, const std::vector<identity>& chain, std::uint16_t port) {
    struct sigaction action{};
    action.sa_handler = stop; // without SA_RESTART: accept() returns
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 64) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        std::perror("vanthu-test-ca tsa");
        return 1;
    }
    std::printf("port %u\n", static_cast<unsigned>(ntohs(address.sin_port)));
    std::fflush(stdout);
    while (!stopping) {
        int connection = ::accept(listener, nullptr, nullptr);
        if (connection < 0) continue;
        serve(connection, tsa, chain);
        ::close(connection);
    }
    ::close(listener);
    return 0;
}

} // namespace vanthu::test
