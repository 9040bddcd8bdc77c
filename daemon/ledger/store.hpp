// The store: the only place where something is true. Keys and values are opaque strings; what they mean stands above.
//
//   commit(change, done) ─▶ queue ─▶ committer thread: each change in turn (rolled back when it fails) into a group;
//        observer.seal() ─▶ writer thread: fdatasync adopted segments ─▶ one synced write of all rows
//        ─▶ committer thread: observer.durable() ─▶ after_commit functions, done() of every change
//
// While the writer has one group the committer decides the next, over the rows of the one before.
//
// Guarantees
// - done(success) is called only when the change's rows and its adopted payloads survive a power cut.
// - Changes run one after another on one thread: a change is the single decider of what it reads and writes.
// - A group is whole or absent after a power cut; later groups never survive an earlier one.
// - What a change has seen of an earlier group is durable before the change is answered; where that group cannot be
//   written the change is answered with its failure, whatever it decided.
// - A failed sync or an I/O error while writing is final: errc::write_failed for its group and what was decided over it,
//   errc::stopped for all later changes, on_fatal once. A full disk before the write is errc::no_space for the same two;
//   the store goes on when there is space.
#pragma once

#include "daemon/base/clock.hpp"
#include "daemon/ledger/payloads.hpp"

#include <functional>
#include <optional>

namespace rocksdb {
class Env;
}

namespace vanthu::ledger {

enum class direction { forward, backward };

class view {
public:
    // Answers false to stop. Must not change the transaction that is being scanned.
    using row_visitor = std::function<bool(std::string_view key, std::string_view value)>;

    virtual ~view() = default;
    virtual result<std::optional<std::string>> get(std::string_view key) const = 0;
    // The rows whose key begins with `prefix` (not empty), in key order or backwards. `from` is a whole key, inclusive,
    // where to begin; empty: at the first (backward: the last) row of the prefix. A queue's reader remembers its head
    // and passes it, so that it does not walk over rows already erased.
    virtual result<> scan(std::string_view prefix, std::string_view from, const row_visitor&,
                          direction = direction::forward) const = 0;
};

// What a change sees and does. Reads see every earlier change of the same group. Only on the committer thread, only
// during the change.
class transaction : public view {
public:
    virtual void put(std::string_view key, std::string_view value) = 0;
    virtual void erase(std::string_view key) = 0;
    // 1, 2, 3 ... per counter, without a gap among acknowledged changes: a change that fails gives its number back.
    virtual result<std::uint64_t> next_sequence(std::string_view counter_key) = 0;
    // The same for a counter whose every number stands in a row of its own, put by the same change under `rows` and the
    // number (u64), and kept: the last of them says what was given last, and the counter is not written again.
    virtual result<std::uint64_t> next_sequence(std::string_view counter_key, std::string_view rows) = 0;
    // The wall clock, read once for the group. May step back between groups, as the clock does: order by sequence.
    virtual timestamp now() const = 0;
    // Number of this group: 1, 2, 3 ... among written groups.
    virtual std::uint64_t group() const = 0;
    // The payload belongs to this change; errc::no_space below the free-space mark. Adopt once, release once.
    virtual result<> adopt(const stored_payload&) = 0;
    // The payload goes (hole punched, file unlinked) after this change is durable; its reference must not be used
    // again.
    virtual result<> release(const payload_ref&) = 0;
    // Runs on the committer thread when the change is durable, before its done(); changes of the next group may have run
    // before. Dropped when the change fails.
    virtual void after_commit(std::move_only_function<void()>) = 0;
};

// The number that such a counter gave last (0: none).
result<std::uint64_t> last_sequence(const view&, std::string_view counter_key, std::string_view rows);

// Runs once, on the committer thread, in the order of the queue. A failure rolls back what it did and goes to its
// caller. Must not block on anything but the transaction and the payload store; must not throw.
using change = std::move_only_function<result<>(transaction&)>;
using completion = std::move_only_function<void(result<>)>;

// Takes part in every group (the receipt log). All calls on the committer thread. Changes may call the observer
// directly while they run; change_undone() follows when such a change fails. Between seal() and durable() changes of the
// next group run; its seal() comes after durable().
class group_observer {
public:
    virtual ~group_observer() = default;
    virtual void change_begins() {}
    virtual void change_undone() {} // forget what was told since change_begins()
    // All changes have run; rows put here are in the same write. A failure refuses the whole group.
    virtual result<> seal(transaction&) = 0;
    virtual void durable() = 0;         // the group is on disk; no caller has been answered yet
    virtual void group_abandoned() = 0; // nothing more was written: forget all since the last durable()
};

struct store_options {
    std::filesystem::path directory;
    bool create = true; // make a new store where the directory is missing or empty
    payload_options payloads;
    std::size_t group_at_most = 512; // changes in one group
    std::size_t block_cache_bytes = 64u << 20;
    std::shared_ptr<const wall_clock> clock;      // null: system_clock
    std::function<void(const failure&)> on_fatal; // once, on the committer thread; ends the daemon
    file_system* files = nullptr;                 // null: real_file_system(); must outlive the store
    rocksdb::Env* rows_env = nullptr;             // null: RocksDB's default; must outlive the store
    bool restoring = false; // between the two halves of a restore (restore.hpp); else such a directory is refused
};

// How far a backup is, and when it has ended what is in it.
struct backup_progress {
    std::uint64_t group = 0; // the last one in the backup; 0: the rows are not copied yet
    std::uint64_t payloads = 0, bytes = 0;
    timestamp taken{};
};

// What open() found. Worth a log line when anything is not zero.
struct recovery_report {
    bool created = false;
    bool closed_cleanly = true;                // the last run called close()
    bool torn_tail_dropped = false;            // the end of the row log was torn; nothing acknowledged was in it
    std::uint64_t last_group = 0;              // last committed group
    std::uint64_t payload_bytes_reclaimed = 0; // segment tail and gaps that no committed row refers to
    std::uint64_t files_removed = 0;           // files of their own that nothing refers to
};

class store {
public:
    static constexpr std::uint32_t format = 2; // docs/store-format.md, "Formats"

    // Failures: directory_missing, foreign_directory, in_use, newer_format, damaged, shorter_than_committed,
    // payload_missing (a segment or its end is gone), no_space, write_failed. A refused store is left as it was.
    static result<std::unique_ptr<store>> open(store_options);

    virtual ~store() = default; // close()s

    // Before the first commit. Must outlive the store or its close().
    virtual void register_observer(group_observer&) = 0;
    // Any thread; `done` is called exactly once, on the committer thread (on the calling thread after close()): it must
    // be quick and not block. co_await form: commit_task.hpp.
    virtual void commit(change, completion done) = 0;
    // Blocks; never on the committer thread. For the command line and tests.
    result<> commit_and_wait(change);

    virtual const view& committed() const = 0;          // each call sees the last durable group; any thread
    virtual std::unique_ptr<view> snapshot() const = 0; // one state for several calls; short-lived, before close()
    virtual payload_store& payloads() = 0;
    virtual const recovery_report& recovery() const = 0;
    virtual std::string_view instance_id() const = 0;
    virtual timestamp created_at() const = 0;
    // Checks every committed payload (errc::payload_* per damaged one is given to the visitor); any thread, slow.
    virtual result<> scrub(const std::function<void(const payload_ref&, const result<>&)>&) = 0;
    // A copy of the store as it is after some group, while it goes on: every change that was acknowledged before the
    // call is in it, with its payloads. `target` does not exist (its parent does) and lies outside of the store. Each
    // payload is verified on its way. Blocks for as long as the copying takes, on a thread that may; what is released
    // meanwhile keeps its space until the end. One at a time: backup_running. Failures: backup_target_taken,
    // backup_no_space (also below minimum_free_bytes), backup_failed, closed, stopped; payload_* and damaged tell of
    // the store itself. After a failure `target` is gone and the store is as it was.
    virtual result<backup_progress> back_up(const std::filesystem::path& target,
                                            std::function<void(const backup_progress&)> tell) = 0;
    // A backup under way ends soon with errc::closed, and none begins any more. Any thread.
    virtual void stop_backup() = 0;
    // Refuses new changes (errc::closed), finishes the queued ones, flushes. Callable twice. The observer is not used
    // afterwards.
    virtual void close() = 0;
};

// A name for a backup's directory: "vanthu-20250715T092005.123Z".
std::string backup_name(timestamp);
// Removes from a directory of backups what those that did not end left there (a crash, a power cut). One that is being
// written, and whatever is no backup, stays. As far as it goes: what cannot be removed stays too.
void remove_unfinished_backups(file_system&, const std::filesystem::path& directory);

} // namespace vanthu::ledger
