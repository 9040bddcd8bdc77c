// A plain HTTPS client for measuring, one blocking connection a thread, straight on OpenSSL: it costs the processor as
// little as a client can, and shares no code with the server that it measures.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/failure.hpp"

#include <filesystem>
#include <functional>

struct ssl_st;
struct ssl_ctx_st;

namespace vanthu::cli {

// TLS 1.3, the server's certificate checked for 127.0.0.1 under one CA.
std::shared_ptr<ssl_ctx_st> bench_client_context(const std::filesystem::path& ca);

// One connection, kept. Not for two threads.
class bench_connection {
public:
    // `context` null: without TLS. errc::bench_failed.
    static result<bench_connection> to_port(ssl_ctx_st* context, std::uint16_t port);
    static result<bench_connection> to_socket(const std::filesystem::path& unix_socket);
    bench_connection(bench_connection&&) noexcept;
    ~bench_connection();

    struct answer {
        int status = 0;
        std::string body;
    };
    // The answer must have a Content-Length, or end with the connection.
    result<answer> send(std::string_view head, std::string_view body);

private:
    bench_connection() = default;
    bool write(std::string_view bytes);
    std::ptrdiff_t read(char* into, std::size_t size);
    int fd_ = -1;
    ssl_st* tls_ = nullptr;
};

// Seconds of processor time of the calling thread.
double thread_cpu_seconds();

// What carrying one request over TLS costs each side: `rounds` requests over one loopback connection to a bare server
// that reads them and answers with `answer_size` bytes. Processor time in microseconds.
struct transfer_cost {
    double client_us = 0, server_us = 0;
};
transfer_cost measure_transfer(const std::filesystem::path& ca, const std::filesystem::path& certificate,
                               const std::filesystem::path& key, std::string_view head, std::string_view body,
                               std::size_t answer_size, unsigned rounds);

} // namespace vanthu::cli
