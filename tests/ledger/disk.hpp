// A disk in memory that knows what was synced. Two faces stand on it: RocksDB's file system and the payload store's, so
// that one counter counts every operation of a store and can cut the power, or refuse, at any of them.
#pragma once

#include "daemon/ledger/file_system.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <rocksdb/env.h>
#include <set>

namespace vanthu::ledger::test {

// What a power cut leaves of writes and names that were not synced.
enum class remains {
    nothing,  // the strictest reading of POSIX
    in_order, // a prefix of them, the last write torn anywhere
    at_random // any of them, in pieces of a sector: the disk reorders; of names a prefix in each directory by itself
};

enum class refusal { none, power_cut, no_space, io_error };

class disk {
public:
    struct inode;
    using node = std::shared_ptr<inode>;

    // The operation with this number (from 1) and the `lasting` - 1 after it meet the refusal, no_space only those that
    // take space. power_cut: so does everything after it.
    static constexpr std::uint64_t for_good = ~std::uint64_t(0);
    void refuse_at(std::uint64_t operation, refusal, std::uint64_t lasting = 1);
    std::uint64_t operations() const;
    // The same for reads (of bytes and of directories), which are counted apart: each meets an input/output error.
    void refuse_read_at(std::uint64_t read, std::uint64_t lasting = 1);
    std::uint64_t reads() const;
    bool refused() const; // the refusal has struck
    void set_free_bytes(std::uint64_t);
    // Called before every sync, on its thread; null: nothing.
    void before_sync(std::function<void()>);
    std::uint64_t free_bytes() const;
    std::uint64_t going_out() const; // bytes that begin_writing_out() named; what is lost in a power cut stays the same

    // Back on after a cut: only what was synced, and of the rest what `left` says. All files must be closed.
    void power_on(remains left, std::uint64_t seed);
    disk(const disk&); // deep: a second disk with the same bytes, as they are now (all synced)
    disk();

    std::vector<std::string> files_below(const std::string& directory) const;
    std::string content(const std::string& path) const;
    void overwrite(const std::string& path, std::uint64_t at, char byte);
    void cut_off(const std::string& path, std::uint64_t length);
    void remove(const std::string& path);

    // What the two faces call. `nothing` says no refusal.
    refusal create(const std::string& path, bool directory, node& out);
    node find(const std::string& path) const;
    refusal list(const std::string& directory, std::vector<std::string>& names);
    refusal write(inode&, std::uint64_t offset, std::string_view);
    refusal preallocate(inode&);
    refusal truncate(inode&, std::uint64_t length);
    refusal punch(inode&, std::uint64_t offset, std::uint64_t length);
    void begin_writing_out(std::uint64_t length);
    refusal sync(inode&);
    refusal sync_directory(const std::string& path);
    refusal rename(const std::string& from, const std::string& to);
    refusal unlink(const std::string& path);
    refusal read(const inode&, std::uint64_t offset, char* into, std::size_t length, std::size_t& got);
    std::uint64_t next_data(const inode&, std::uint64_t from) const; // reads no bytes
    std::uint64_t length(const inode&) const;
    bool lock(const std::string& path);
    void unlock(const std::string& path);

private:
    struct name_change {
        std::string directory;
        std::vector<std::pair<std::string, node>> names; // null: the name goes
    };
    refusal count(bool takes_space);
    refusal count_read();
    void change_names(name_change);

    mutable std::mutex mutex_;
    std::function<void()> before_sync_;
    std::map<std::string, node> now_, durable_;
    std::vector<name_change> unsynced_names_;
    std::set<std::string> locks_;
    std::uint64_t operations_ = 0, refuse_at_ = 0, lasting_ = 1, free_bytes_ = std::uint64_t(1) << 40;
    std::uint64_t going_out_ = 0;
    std::uint64_t reads_ = 0, refuse_read_at_ = 0, lasting_reads_ = 0;
    refusal refusal_ = refusal::none;
    bool dead_ = false, struck_ = false;
};

std::unique_ptr<file_system> payload_face(disk&);
std::unique_ptr<rocksdb::Env> rocksdb_face(disk&);

} // namespace vanthu::ledger::test
