// The few calls under the payload store and the store's own small files, as an interface, so that a test can put a disk
// beneath them that loses whatever was not synced.
//
// Failures: errc::no_space (ENOSPC, EDQUOT), errc::payload_missing (no such file), errc::write_failed (anything else
// that writes), errc::read_failed (anything else that reads). A failed sync is always errc::write_failed. All calls may
// come from any thread; one file's pwrite calls may run at the same time when their ranges do not overlap.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/ledger/errors.hpp"

#include <filesystem>
#include <vector>

namespace vanthu::ledger {

class file {
public:
    virtual ~file() = default;
    // Reads until `into` is full or the file ends; answers how many bytes were read.
    virtual result<std::size_t> pread(std::uint64_t offset, std::span<std::uint8_t> into) const = 0;
    virtual result<> pwrite(std::uint64_t offset, bytes_view content) = 0; // all of it or a failure
    virtual result<> fdatasync() = 0;                                      // content and length
    // What was written there goes to the disk from now on, so that less is left for the sync. Promises nothing: only
    // fdatasync() does, and it also tells of what failed meanwhile.
    virtual void begin_writing_out(std::uint64_t offset, std::uint64_t length) = 0;
    virtual result<> truncate(std::uint64_t length) = 0;
    virtual result<> preallocate(std::uint64_t offset, std::uint64_t length) = 0; // the file's length stays
    virtual result<> punch_hole(std::uint64_t offset, std::uint64_t length) = 0;  // reads as zeros, length stays
    // Nobody is expected to read this soon: the system may use the memory for something else. What is not synced stays.
    virtual void forget_cached(std::uint64_t offset, std::uint64_t length) = 0;
    virtual result<std::uint64_t> length() const = 0;
    // The first offset from `from` on that is not in a hole (may be early, never late); length() when there is none.
    virtual result<std::uint64_t> next_data(std::uint64_t from) const = 0;
};

enum class open_mode {
    read,      // must exist
    update,    // must exist, read and write
    create_new // must not exist; mode 0600
};

class file_system {
public:
    virtual ~file_system() = default;
    virtual result<std::unique_ptr<file>> open(const std::filesystem::path&, open_mode) = 0;
    virtual result<> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0; // replaces `to`
    virtual result<> unlink(const std::filesystem::path&) = 0;
    virtual result<> create_directory(const std::filesystem::path&) = 0; // mode 0700; fine when it exists already
    virtual result<> remove_tree(const std::filesystem::path&) = 0;      // fine when it does not exist
    virtual result<> fsync_directory(const std::filesystem::path&) = 0;
    virtual result<std::vector<std::string>> list(const std::filesystem::path&) = 0; // names, without . and .., sorted
    // False only where it surely does not: what cannot be told is met as a failure by whoever opens it.
    virtual bool exists(const std::filesystem::path&) = 0;
    virtual result<std::uint64_t> free_bytes(const std::filesystem::path&) = 0; // for unprivileged writers
    // Held until the value is destroyed; errc::in_use when somebody else holds it. The file is created when missing.
    class lock {
    public:
        virtual ~lock() = default;
    };
    virtual result<std::unique_ptr<lock>> lock_file(const std::filesystem::path&) = 0;
};

// The operating system's; one object for the program.
file_system& real_file_system();

} // namespace vanthu::ledger
