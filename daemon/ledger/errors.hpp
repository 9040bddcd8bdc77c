// What can go wrong in the store. docs/errors.md tables the codes ("ledger.no_space").
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::ledger {

enum class errc {
    no_space = 1,           // the disk is full or below the configured mark; nothing was stored
    write_failed,           // a write or sync failed: final, the store acknowledges nothing any more
    stopped,                // an earlier write_failed ended the store
    closed,                 // close() was called
    directory_missing,      // no store there and create was not asked for
    foreign_directory,      // something there that is no store, or files of two stores mixed
    in_use,                 // another process (or object) has the store open
    newer_format,           // written by a newer vanthu
    damaged,                // bytes of the store do not carry their checksum
    shorter_than_committed, // evidence of commits that the store no longer holds
    payload_missing,        // no record where the reference points
    payload_damaged,        // the record does not match its checksum, hash, tag or reference
    key_unknown,            // the record is encrypted under a key that was not configured
    row_malformed,          // a row's bytes do not follow its framing
    row_newer,              // a row of a version this program does not know
    key_malformed,          // a row key that row_key did not write
    spool_full,             // the quota of the spool is used up
    range_outside,          // a range that begins after the end of the payload
};
std::error_code make_error_code(errc);

} // namespace vanthu::ledger

template <> struct std::is_error_code_enum<vanthu::ledger::errc> : std::true_type {};
