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
    backup_running,         // one at a time
    backup_target_taken,    // something stands where the backup was to be made, or it lies inside the store
    backup_no_space,        // no room at the backup's target; the store is untouched
    backup_failed,          // the backup's target cannot be written; the store is untouched
    not_a_backup,           // no BACKUP there: something else, or a backup that did not end
    backup_damaged,         // a backup whose parts do not fit together or do not carry their checksum
    restore_target_taken,   // there is a store, or something else, where the backup was to be restored to
    restore_unfinished,     // a restore into this directory did not end
    read_failed,            // the disk did not read; what stands there may be whole
};
std::error_code make_error_code(errc);

} // namespace vanthu::ledger

template <> struct std::is_error_code_enum<vanthu::ledger::errc> : std::true_type {};
