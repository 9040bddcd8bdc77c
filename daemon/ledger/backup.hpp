// Copying a store while it works, and making a store of the copy. docs/store-format.md, "A backup".
//
//   back_up:  BACKUP.new ─▶ rows as RocksDB has them (a beginning of the groups) ─▶ exactly the payload records
//             that these rows call committed, each verified ─▶ BACKUP.new becomes BACKUP
//   restore:  RESTORING ─▶ everything copied ─▶ an instance id of its own ─▶ STORE ─▶ checked by the caller
//             ─▶ end_restore(): RESTORING goes
//
// A directory without BACKUP is no backup; a directory with RESTORING is no store. For the store and the commands.
#pragma once

#include "daemon/ledger/opening.hpp"

#include <atomic>

namespace vanthu::ledger {

struct backup_identity {
    store_identity store; // of the store that was copied
    std::uint64_t group = 0;
    timestamp taken{};
};

// What the open store lends for the time of one backup.
struct backup_source {
    file_system& files;
    const rows_database& rows;
    payload_files& payloads;
    rocksdb::Env* rows_env;
    const store_identity& identity;
    std::filesystem::path directory; // of the store
    std::uint64_t at_least = 0;      // a group that must be in the copy
    std::uint64_t minimum_free = 0;  // bytes that stay free at the target
    timestamp now{};
    const std::atomic<bool>& stop; // becomes true: end with errc::closed
    std::function<void(const backup_progress&)> tell;
};

// Payload records that were committed when it was called must stay until it ends. After a failure nothing stands under
// `target` that was not there; after a power cut at most a directory that is no backup and that the next one replaces.
result<backup_progress> write_backup(const backup_source&, const std::filesystem::path& target);

// not_a_backup, newer_format, backup_damaged.
result<backup_identity> read_backup(file_system&, const std::filesystem::path& backup);

} // namespace vanthu::ledger
