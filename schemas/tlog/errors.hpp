// What can be wrong with a tree, a note or a key of a transparency log.
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::tlog {

enum class errc {
    malformed_note = 1,   // not a C2SP signed note
    malformed_checkpoint, // the note's text is no checkpoint
    malformed_frontier,   // a stored right edge does not fit its size
    unknown_key,          // no signature by the given key
    bad_signature,        // a signature by the given key that does not verify
    bad_key,              // no Ed25519 key
    out_of_range,         // an index or a size the tree does not have
    proof_refused,        // a proof that does not lead to the root
    missing_hash,         // a tile that the proof needs is not there
};
std::error_code make_error_code(errc);

} // namespace vanthu::tlog

template <> struct std::is_error_code_enum<vanthu::tlog::errc> : std::true_type {};
