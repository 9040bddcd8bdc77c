// HTTP messages as plain values: what a handler receives and answers, what a client sends and receives.
// Source: RFC 9110 (semantics), RFC 9112 (HTTP/1.1). No TLS and no parser in this header.
//
//     net::handler h = [&](net::request& r) -> asio::awaitable<net::response> {
//         auto text = co_await net::read_all(r.body, 1 << 20);
//         if (!text) co_return net::error_response(text.error().code);
//         co_return net::response::json(200, answer(*text));
//     };
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/task.hpp"
#include "daemon/net/errors.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vanthu::net {

// Header fields in the order received; names compare without case. Names and values are checked on receipt; set() and
// add() refuse (abort: our own inconsistency) a name that is no token or a value with CR, LF or NUL. Use
// is_field_value() before passing on text from outside.
class headers {
public:
    struct field {
        std::string name, value;
    };
    headers() = default;
    headers(std::initializer_list<field> fields);

    void set(std::string_view name, std::string_view value); // replaces every field of that name
    void add(std::string_view name, std::string_view value);
    void erase(std::string_view name);
    // The first field of that name, or nullptr / an empty view.
    const std::string* find(std::string_view name) const;
    std::string_view get(std::string_view name) const;
    std::size_t count(std::string_view name) const;
    bool contains(std::string_view name) const { return find(name) != nullptr; }
    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }

    static bool is_field_name(std::string_view name);   // a token, RFC 9110 5.6.2
    static bool is_field_value(std::string_view value); // no control characters but HTAB

private:
    std::vector<field> fields_;
};

bool equal_without_case(std::string_view a, std::string_view b); // ASCII

// Who stands at the other end of a connection. Certificate fields are empty without a certificate.
struct peer_identity {
    std::string remote_address;            // "10.1.2.3:50412", "[2001:db8::1]:50412" or "unix"
    std::optional<std::uint32_t> unix_uid; // user id at the other end of a Unix socket (SO_PEERCRED)
    bool tls = false;
    // True: the chain verified under the configured CA at the handshake. False with a certificate: only
    // tls_options::accept_unverified (or a client's pins) let it in.
    bool chain_verified = false;
    std::optional<digest> certificate_sha256; // of the DER leaf
    std::optional<digest> spki_sha256;        // of its DER SubjectPublicKeyInfo (RFC 7469, 2.4)
    std::vector<std::string> san_uris;        // uniformResourceIdentifier subject alternative names, in order
    std::string subject, issuer;              // RFC 2253 form, UTF-8
    // The extended key usage names id-kp-clientAuth, id-kp-serverAuth (RFC 5280 4.2.1.12). Without the extension: no.
    bool made_for_clients = false, made_for_servers = false;
    bytes certificate_der;
};

// A body as it arrives.
class body_source {
public:
    virtual ~body_source() = default;
    // At least one byte into `out` (which must not be empty), or 0 at the end of the body. Failures, which repeat on
    // every later call: body_too_large (the limit counts decoded bytes), too_slow, connection_closed, bad_request
    // (chunk syntax).
    virtual task<std::size_t> read_some(std::span<std::uint8_t> out) = 0;
    // For an answer that waits, once the body has been read: runs `work` and cancels it when the client closes the
    // connection, or its sending half, meanwhile. False: it did, and nobody reads the answer any more.
    virtual asio::awaitable<bool> unless_closed(asio::awaitable<void> work);
};

// The whole body, or body_too_large beyond `limit`.
task<bytes> read_all(body_source& body, std::size_t limit);

// A body already in memory.
class memory_body final : public body_source {
public:
    explicit memory_body(std::string text) : text_(std::move(text)) {}
    task<std::size_t> read_some(std::span<std::uint8_t> out) override;

private:
    std::string text_;
    std::size_t at_ = 0;
};

// Parameters of a query (application/x-www-form-urlencoded), decoded, in order; a name may occur more than once.
class query_parameters {
public:
    static result<query_parameters> parse(std::string_view text); // bad_target for a broken percent escape
    std::optional<std::string> find(std::string_view name) const; // the first one
    std::vector<std::string> all(std::string_view name) const;
    auto begin() const { return parameters_.begin(); }
    auto end() const { return parameters_.end(); }
    bool empty() const { return parameters_.empty(); }

private:
    std::vector<std::pair<std::string, std::string>> parameters_;
};

// A request-target taken apart. `path` is percent-decoded UTF-8, starts with "/", has no empty, "." or ".." segment (a
// last "/" stays); "*" for OPTIONS *. Refused with bad_target: an encoded "/" or NUL, control characters, backslash,
// invalid UTF-8, broken escapes, a fragment, a target longer than 8 KiB. Absolute form is accepted and its authority
// dropped.
struct target_parts {
    std::string path;
    query_parameters query;
    static result<target_parts> parse(std::string_view raw);
};
std::string percent_encode(std::string_view text); // everything but unreserved characters (RFC 3986 2.3)

// Lives as long as the handler runs on it.
struct request {
    std::string method; // as sent, case-sensitive
    std::string path;   // see target_parts
    query_parameters query;
    std::string raw_target;
    headers fields;
    const peer_identity& peer;
    std::optional<std::uint64_t> content_length; // absent: chunked, or no body
    body_source& body;
};

// Produces a body piece by piece, on the connection's executor.
struct producer {
    std::optional<std::uint64_t> size; // absent: sent chunked
    // Into the span, at least one byte, or 0 at the end. A failure breaks the connection off, so that the receiver sees
    // a body cut short and never one that looks whole.
    std::function<task<std::size_t>(std::span<std::uint8_t>)> read_some;
};

struct response {
    int status = 200;
    headers fields; // Content-Length, Transfer-Encoding, Connection and Date are the server's own
    std::variant<std::string, producer> body;

    static response json(int status, std::string text);
    static response text(int status, std::string text); // text/plain; charset=utf-8
};

// Runs on the connection's executor. An exception that leaves it is answered with handler_failed (500) and reported.
using handler = std::function<asio::awaitable<response>(request&)>;

std::string_view reason_phrase(int status);

} // namespace vanthu::net
