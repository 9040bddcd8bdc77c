// HTTP/1.1 client for one server: keeps connections, verifies who answers, gives every transport failure a code. A
// redirect is a response like any other: it is never followed.
//
// All calls come from the executor given at open(), which must be serial (one thread or a strand). The client must
// outlive the calls in progress.
#pragma once

#include "daemon/net/http.hpp"

#include <boost/asio/ip/address.hpp>
#include <filesystem>
#include <memory>

namespace vanthu::net {

// Trust in the server: with ca_file (or neither ca_file nor pins: the system's store) the chain and the host name must
// verify; pins and SAN URI are checked in addition. With pins and no ca_file the pin alone decides. What can change
// while the client lives (dated pins, a registry) is asked by accept_unverified and check_peer, not kept here.
struct client_options {
    std::string url; // "https://host:port", "http://host:port/prefix", "unix:/path" (plain HTTP); a prefix goes before
                     // each target
    std::filesystem::path ca_file;
    std::filesystem::path certificate_file, key_file; // of this client, PEM; empty: none
    std::string server_name;                          // instead of the host: SNI, name verification and Host
    std::string http_proxy;        // "http://host:port": plain http goes there in absolute form (RFC 9112, 3.2.2)
    std::vector<digest> spki_pins; // one of them must match, when not empty
    std::string required_san_uri;  // must be among the leaf's, when not empty
    // Asked at a handshake whose chain or name does not verify: true lets the server in, chain_verified stays false.
    std::function<bool(const peer_identity&)> accept_unverified;
    // Asked after each handshake and again before a kept connection is used: a failure is the exchange's answer, and
    // nothing has been sent. On the client's executor.
    std::function<result<>(const peer_identity&)> check_peer;
    // Asked about each address that the host stands for, before a connection to that very address: false leaves it out,
    // and where none remains nothing is sent (address_refused). Through a proxy names are not looked up here: then it
    // is asked about "localhost" and about a host that is written as an address; one that hides an address is refused.
    std::function<bool(const std::string& host, const asio::ip::address&)> accept_address;
    bool tls13_only = false;
    std::chrono::milliseconds connect_timeout{10'000}; // name, TCP and TLS together
    std::chrono::milliseconds stall_timeout{60'000};   // no byte in either direction
    std::chrono::milliseconds idle_timeout{45'000};    // a kept connection older than this is not used again
    std::chrono::milliseconds continue_timeout{
        2'000};                      // how long a body waits for 100 Continue before it is sent anyway
    std::size_t max_connections = 8; // more callers wait
    std::uint32_t header_limit = 64 * 1024;
};

struct client_request {
    std::string method = "GET";
    std::string target = "/"; // already percent-encoded, with the query
    headers fields;           // Host, Content-Length, Transfer-Encoding and Connection are the client's own
    std::variant<std::string, producer> body;
    steady_time deadline = in(std::chrono::seconds(60)); // for the whole exchange
    std::size_t response_limit = 16u << 20;              // send() only; beyond: response_too_large
    // True: send "Expect: 100-continue", so that a refusal saves the body.
    bool expect_continue = false;
    // May the request be sent again when a kept connection turns out dead? Default: by method (RFC 9110 9.2.2).
    std::optional<bool> idempotent;
};

struct client_response {
    int status = 0;
    headers fields;
    std::string body;   // empty after send_streaming()
    peer_identity peer; // the server
};

// transient(failure.code) says whether a later attempt can succeed. A status of 4xx or 5xx is a response, not a
// failure.
class client {
public:
    // bad_url, bad_tls_configuration.
    static result<std::unique_ptr<client>> open(asio::any_io_executor executor, client_options options);
    ~client(); // closes kept connections

    // Failures: timed_out, name_not_resolved, address_refused, connect_refused, unreachable, tls_failed,
    // peer_not_trusted, connection_closed, bad_response, response_too_large, body_source_failed, or the producer's own.
    // The request is sent a second time only when a kept connection broke before any byte of a response and it is
    // idempotent or its body had not been begun.
    task<client_response> send(client_request request);
    // The body goes to `sink` piece by piece as it arrives, whatever the status; a failure of the sink ends the
    // exchange and is the answer.
    using sink = std::function<task<>(int status, bytes_view piece)>;
    task<client_response> send_streaming(client_request request, sink to);

    void close_idle();

private:
    struct state;
    explicit client(std::shared_ptr<state> s);
    std::shared_ptr<state> state_;
};

} // namespace vanthu::net
