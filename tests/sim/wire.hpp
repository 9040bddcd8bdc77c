// TLS and HTTP/1.1 by hand, blocking, so that everything can be done wrong: a connection reset at any byte, half an
// answer, headers without end. Its correct half is deliberately not daemon/net: two readers of one protocol.
// One thread a connection. Failures are exceptions (broken): a simulator has nobody to answer to.
#pragma once

#include "daemon/base/bytes.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace vanthu::sim {

struct broken : std::runtime_error {
    using runtime_error::runtime_error;
};

struct identity_files {
    std::filesystem::path certificate, key, ca;
};
std::shared_ptr<SSL_CTX> server_side(const identity_files&);
std::shared_ptr<SSL_CTX> client_side(const identity_files&);

struct message {
    std::string first;                         // request line or status line
    std::map<std::string, std::string> fields; // names in lower case
    std::string body;
    int status() const;                 // of an answer; 0: none
    std::string word(unsigned n) const; // of the first line
};

class wire {
public:
    wire(int socket, const std::shared_ptr<SSL_CTX>&, bool accepting);
    ~wire();
    wire(const wire&) = delete;
    wire& operator=(const wire&) = delete;

    // nullopt: the other side has closed between two messages.
    std::optional<message> read_head();
    std::uint64_t body_length(const message&) const; // by Content-Length; 0 without
    // The next `length` bytes of a body.
    std::string read_body(std::uint64_t length);
    void write(std::string_view);
    void write_slowly(std::string_view, std::chrono::milliseconds whole);
    void cut(); // RST

private:
    bool more(); // false: the end
    std::shared_ptr<SSL_CTX> context_;
    int socket_;
    SSL* ssl_ = nullptr;
    std::string held_;
};

int listen_on_loopback(const std::string& address, std::uint16_t& port);
// "https://127.0.0.1:PORT"
std::unique_ptr<wire> call(const std::string& url, const std::shared_ptr<SSL_CTX>&);
std::string answer_text(int status, std::string_view body, std::string_view more_fields = {});

} // namespace vanthu::sim
