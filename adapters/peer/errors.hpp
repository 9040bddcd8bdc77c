// What the door between two nodes refuses by itself. docs/errors.md tables the codes ("peer_link.unknown_peer").
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::peer_link {

enum class errc {
    unknown_peer = 1,       // the certificate belongs to no node of the registry
    no_such_resource,       //
    method_not_allowed,     //
    manifest_missing,       // a packet before its manifest
    offset_mismatch,        // continued at another place than we have reached
    transfer_running,       // the same packet is arriving on another connection
    too_many_transfers,     // more announced packets than we keep room for
    not_a_link_certificate, // its extended key usage lacks clientAuth (of a client) or serverAuth (of a server)
    signing_certificate,    // the registry lists it as a seal or a person's (contracts 7)
    pin_not_valid,          // the server's key is none of its node's pins valid now
    too_many_questions,     // about the records of the link, in a short time or at one time
};
std::error_code make_error_code(errc);

} // namespace vanthu::peer_link

template <> struct std::is_error_code_enum<vanthu::peer_link::errc> : std::true_type {};
