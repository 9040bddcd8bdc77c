// What can go wrong on the wire, both sides.
#pragma once

#include "daemon/base/error_table.hpp"

namespace vanthu::net {

enum class errc {
    // What a server finds in a request (and a client in a response).
    bad_request = 1,  // not HTTP/1.1, or ambiguous framing
    bad_target,       // request-target that is no clean path and query
    header_too_large, //
    body_too_large,   //
    length_required,  //
    unsupported_transfer_encoding,
    expectation_failed, // Expect: anything but 100-continue
    too_slow,           // less than the configured progress
    bad_multipart,
    multipart_limit, // too many parts, or a part header too large
    range_not_satisfiable,
    bad_content_range,
    busy,           // more connections than allowed
    handler_failed, // an exception left a handler
    // The connection itself.
    connection_closed, // the other side went away
    timed_out,
    tls_failed, // handshake or record layer; the reason is in failure::detail
    name_not_resolved,
    connect_refused,
    unreachable,        // no route, network down, no such socket
    peer_not_trusted,   // certificate chain, name, pin or SAN URI of the server
    bad_response,       // not HTTP, or cut short
    response_too_large, //
    body_source_failed, // the producer of a body gave fewer or more bytes than announced
    // Set-up.
    bad_address,
    address_in_use,
    listen_failed,
    bad_tls_configuration, // certificate, key or CA file
    bad_url,
    address_refused, // client_options::accept_address takes none of the server's addresses
};
std::error_code make_error_code(errc);

} // namespace vanthu::net

template <> struct std::is_error_code_enum<vanthu::net::errc> : std::true_type {};
