// A blocking connection over TCP, with TLS from the moment it is asked for.
#pragma once

#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <string_view>

namespace vanthu::bench {

class tls_stream {
public:
    tls_stream(const std::string& host, int port); // every function throws std::runtime_error
    ~tls_stream();
    tls_stream(const tls_stream&) = delete;
    tls_stream& operator=(const tls_stream&) = delete;

    void secure(const std::string& ca_file, const std::string& name); // the server's certificate is checked
    void write(std::string_view);
    std::string read_line(); // without CRLF
    std::string read_exactly(std::size_t);
    std::string described() const; // "TLSv1.3 TLS_AES_256_GCM_SHA384"; "" without

private:
    void fill();
    int socket_ = -1;
    std::shared_ptr<SSL_CTX> context_;
    SSL* tls_ = nullptr;
    std::string ahead_; // read, not yet taken
    std::size_t taken_ = 0;
};

} // namespace vanthu::bench
