// What two vanthu say to each other besides packets and receipts: hello, the manifest of a transfer, notices.
//
// Wire rules (contracts 14): every object carries schema_version; unknown members, notice kinds and codes are kept
// apart and passed on, never refused; version N talks to N-1. The bytes are described in docs/peer-protocol.md.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/failure.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vanthu::peer {

inline constexpr int protocol_lowest = 1, protocol_highest = 1;

enum class errc { malformed = 1, too_many_entries, version_unsupported };
std::error_code make_error_code(errc);

// GET /peer/v1/hello
struct hello {
    int lowest = protocol_lowest, highest = protocol_highest;
    std::string node;                      // node id in the registry
    std::string organisation;              // code
    std::string software;                  // "vanthu 0.1.0"
    std::vector<std::string> capabilities; // "resume", "notices", "status"
    std::uint64_t packet_limit = 0;        // bytes
    std::string registry_version;
    std::string clock; // RFC 3339, to show skew to an operator
};

// PUT /peer/v1/packets/{sha256}/manifest: what the packet is and for whom this hop takes custody.
struct manifest {
    digest packet_sha256;
    std::uint64_t size = 0;
    std::string kind;                    // "document" or "status"
    std::vector<std::string> recipients; // codes as written in the packet; only these are handed over
    std::string origin;                  // origin signature sidecar, exact text; empty: none
    std::string document;                // the sender's own id, for its logs and ours
};

// What a node's hello names where it takes a packet and its manifest in one call; the field that says how long the
// manifest at the front of the body is.
inline constexpr std::string_view manifest_first_capability = "manifest_first",
                                  manifest_length_field = "Vanthu-Manifest-Length";

// Answer to the manifest: do we hold these bytes from you already?
struct manifest_answer {
    bool known = false;       // true: `receipt` is the receipt given before
    std::uint64_t offset = 0; // wanted: continue from here
    std::string receipt;      // exact text
};

// A transport outcome for a packet that the receiver of the notice sent us.
struct notice {
    std::uint64_t sequence = 0; // the sending store's counter for this link, from 1, without gaps
    digest packet_sha256;       // as the receiver of the notice sent it
    std::string recipient;      // code as written
    std::string kind;           // accepted, kept, on_axis, parked, returned, expired, released, fetched
    std::string code;           // reason, a public error code
    std::string by;             // organisation code where it happened
    std::int64_t at = 0;        // microseconds UTC at `by`
    std::string proof;          // SHA-256 of the receipt that shows it, hex, or empty
};

// POST /peer/v1/notices: in sequence. Sequences count within one store: a store made anew begins again, so `instance`
// (at most 64 characters) names it. Empty: from a node that does not say it yet.
struct notice_call {
    std::string instance;
    std::vector<notice> notices; // at most 1 000
};

std::string encode(const hello&);
std::string encode(const manifest&);
std::string encode(const manifest_answer&);
std::string encode(const notice_call&);
std::string encode_notices_answer(std::uint64_t received_up_to);

result<hello> decode_hello(std::string_view text);
result<manifest> decode_manifest(std::string_view text);
result<manifest_answer> decode_manifest_answer(std::string_view text);
result<notice_call> decode_notices(std::string_view text);
result<std::uint64_t> decode_notices_answer(std::string_view text);

} // namespace vanthu::peer

template <> struct std::is_error_code_enum<vanthu::peer::errc> : std::true_type {};
