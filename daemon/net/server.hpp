// HTTP/1.1 server, plain or over TLS, on TCP or a Unix socket.
//
//     open ──▶ accepting ──stop_accepting──▶ finishing ──stop──▶ ended
//
// One listening socket per executor (SO_REUSEPORT), a connection stays on the executor that accepted it, one coroutine
// a connection in the server's own task group. Framing that two readers could understand differently is refused with
// 400 and the connection closed (RFC 9112 6.3, 11.2).
#pragma once

#include "daemon/net/http.hpp"

#include <filesystem>
#include <memory>

namespace vanthu::net {

enum class client_auth { none, optional, required };

struct tls_options {
    std::filesystem::path certificate_file; // PEM: leaf first, then intermediates
    std::filesystem::path key_file;         // PEM, not encrypted
    std::filesystem::path
        client_ca_file; // PEM, the only trust anchors for client certificates (roots or intermediates)
    client_auth auth = client_auth::none;
    bool tls13_only = true; // false: TLS 1.2 too
    // Asked when a client's chain does not verify (unknown CA, expired, ...): true lets it in, as for a leaf whose SPKI
    // is pinned. peer_identity::chain_verified stays false. Any executor's thread. Dated pins must be checked again on
    // each request, because a connection or a resumed session may outlive the date.
    std::function<bool(const peer_identity&)> accept_unverified;
};

struct access_record {
    std::string_view method, path; // path: decoded; empty where the request could not be read
    int status;
    std::uint64_t request_bytes, response_bytes; // of bodies
    std::chrono::microseconds took;              // from the complete header to the last byte of the response
    const peer_identity& peer;
};

struct listener_options {
    std::string address; // "127.0.0.1:8443", "[::1]:0" (any free port), "unix:/run/vanthu/api.sock"
    std::optional<tls_options> tls;
    std::uint64_t body_limit = 1ull << 30; // decoded bytes
    std::uint32_t header_limit = 64 * 1024;
    // Beyond either, the connection goes that has waited longest without a request; where all have made one, the
    // newcomer gets 503. One address: an IPv4 address or an IPv6 /64; 0: a quarter of max_connections. Loopback is not
    // bounded by address (a reverse proxy, tests) unless `bound_loopback`.
    std::size_t max_connections = 4096, max_connections_per_address = 0;
    bool bound_loopback = false;
    unsigned unix_mode = 0660; // of the socket file
    int backlog = 1024;

    std::chrono::milliseconds handshake_timeout{10'000};
    std::chrono::milliseconds idle_timeout{75'000};   // between requests
    std::chrono::milliseconds header_timeout{15'000}; // whole header, from its first byte
    std::chrono::milliseconds stall_timeout{30'000};  // no byte of a body in either direction
    // Minimum progress of a body in either direction, counted over the time spent waiting for the peer.
    std::uint64_t min_bytes_per_second = 1024;
    std::chrono::milliseconds progress_grace{20'000};
    // A body the handler left unread: up to this much is read and thrown away to keep the connection, more closes it.
    std::uint64_t drain_limit = 256 * 1024;

    // Both may be empty; called on network threads, concurrently; must not throw or block.
    std::function<void(const access_record&)> on_access;
    // What nobody else hears of: a failed handshake, an exception in a handler, a broken producer, a failed accept.
    std::function<void(const failure&, const peer_identity*)> on_failure;
};

class server {
public:
    // Binds and starts to accept. `executors` must each run on one thread and outlive the server; `on_request` is
    // called from all of them. Failures name the address: bad_address, address_in_use, listen_failed,
    // bad_tls_configuration. A stale Unix socket file nobody listens on is replaced; one that is in use is
    // address_in_use.
    static result<std::unique_ptr<server>> open(std::vector<asio::any_io_executor> executors, listener_options options,
                                                handler on_request);
    ~server(); // stop(0)

    std::string address() const;     // as bound, with the real port
    std::uint16_t port() const;      // 0 for a Unix socket
    std::size_t connections() const; // without those that are being dropped

    // Certificate, key and CA read again; new connections use them, open ones go on. After a failure the old ones stay
    // in use.
    result<> reload_tls();

    // Returns at once; idle connections are closed, requests in progress go on and their connections close afterwards.
    void stop_accepting();
    // stop_accepting(), then waits up to `grace` for the requests in progress, then cancels what is left and joins it.
    // True: nothing had to be cancelled. Must not be called from a network thread. A handler that cannot be cancelled
    // (blocking work in a pool) is waited for.
    bool stop(std::chrono::milliseconds grace);

private:
    struct state;
    explicit server(std::shared_ptr<state> s);
    std::shared_ptr<state> state_;
};

} // namespace vanthu::net
