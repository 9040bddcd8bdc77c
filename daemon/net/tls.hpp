// TLS contexts and what a certificate says, on OpenSSL. Inside this room only.
#pragma once

#include "daemon/net/client.hpp"
#include "daemon/net/server.hpp"

#include <memory>

struct ssl_st;
struct ssl_ctx_st;

namespace vanthu::net {

struct ssl_deleter {
    void operator()(ssl_st* s) const;
};
using ssl_ptr = std::unique_ptr<ssl_st, ssl_deleter>;
using ssl_context = std::shared_ptr<ssl_ctx_st>;

// bad_tls_configuration, with the file and OpenSSL's reason.
result<ssl_context> server_context(const tls_options& options);
result<ssl_context> client_context(const client_options& options);

ssl_ptr new_session(const ssl_context& context);
// For a client: SNI and the name (or address) the certificate must carry.
ssl_ptr new_session(const ssl_context& context, const std::string& server_name);

// Certificate fields of the other side; nothing changes when it sent none. Safe after a resumed handshake too.
void describe_peer(ssl_st* session, peer_identity& peer);
// Why the other side's certificate was refused; empty when it was not.
std::string verification_error(ssl_st* session);

} // namespace vanthu::net
