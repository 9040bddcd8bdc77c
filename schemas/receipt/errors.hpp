// Why a receipt, a delegation or an origin signature is refused.
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::receipt {

enum class errc {
    malformed = 1,           // not the JSON that the format asks for
    not_canonical,           // readable, but not in the one byte form that is hashed or signed
    too_large,               // over the limits of the format
    unsupported_version,     // a schema_version that this program does not know
    not_included,            // the leaf is not in the tree that the head describes
    head_refused,            // the head's signature or key does not fit
    origin_mismatch,         // receipt, head and delegation name different logs
    delegation_refused,      // the delegation's signature does not verify
    delegation_not_in_force, // the hop's time lies outside the delegation
    certificate_refused,     // no chain to a trusted CA at that time, or not fit for signing
    organisation_mismatch,   // the certificate belongs to another organisation than claimed
    signature_refused,       // a signed statement's signature does not verify
    unsupported_key,         // a key that is none of RSA 2048+, P-256, Ed25519
    not_what_was_sent,       // a genuine receipt, of something else than expected
    time_refused,            // a statement dated after the time it is judged at
    signing_failed,          // the key could not sign
    not_continued,           // a later log of the same organisation goes on from before this entry
    contradicted,            // two receipts that cannot both come from one log
};
std::error_code make_error_code(errc);

} // namespace vanthu::receipt

template <> struct std::is_error_code_enum<vanthu::receipt::errc> : std::true_type {};
