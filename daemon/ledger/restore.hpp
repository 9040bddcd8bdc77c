// A store made of a backup. The two halves of `vanthu restore`, between which the caller writes what the restored store
// must know and checks it; until end_restore() no daemon opens the directory (errc::restore_unfinished).
#pragma once

#include "daemon/ledger/store.hpp"

namespace vanthu::ledger {

struct restore_begun {
    std::string instance, former_instance; // of the restored store, of the store that was backed up
    std::uint64_t group = 0;               // last group in it
    timestamp taken{};                     // when the backup was made
};

// Copies `backup` into target.directory, which must be missing, empty or left by a restore that did not end (its parent
// exists), and gives the copy an instance id of its own. Afterwards store::open(target with .restoring) opens it.
// Failures: not_a_backup, newer_format, backup_damaged, restore_target_not_empty, in_use, no_space, write_failed.
result<restore_begun> begin_restore(const std::filesystem::path& backup, store_options target);
// From here on it is a store like any other.
result<> end_restore(const store_options& target);

} // namespace vanthu::ledger
