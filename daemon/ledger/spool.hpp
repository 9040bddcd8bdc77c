// The spool: room for bytes that nobody was promised yet (contracts: pre-flight). Never synced, wiped at start, bounded
// by one quota over all its files.
#pragma once

#include "daemon/base/files.hpp"
#include "daemon/ledger/errors.hpp"

#include <atomic>
#include <memory>

namespace vanthu::ledger {

class spool;

// One file. One thread at a time. Destroying it unlinks it and gives its share of the quota back.
class spool_file {
public:
    ~spool_file();
    spool_file(const spool_file&) = delete;
    // errc::spool_full above the quota, errc::no_space on a full disk: the file keeps what it had before this call.
    result<> write(bytes_view);
    std::uint64_t size() const { return size_; }
    result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const; // fewer only at the end
    // A descriptor opened read-only, for a worker process: it cannot be turned into a writable one.
    result<unique_fd> read_only() const;
    // For secrets: zeros over every byte, synced, then unlinked. After a failure the file is unlinked all the same.
    result<> overwrite_and_unlink();

private:
    friend class spool;
    spool_file(std::shared_ptr<std::atomic<std::uint64_t>> used, std::uint64_t quota, std::filesystem::path path,
               unique_fd fd);
    void unlink();
    std::shared_ptr<std::atomic<std::uint64_t>> used_;
    std::uint64_t quota_ = 0, size_ = 0;
    std::filesystem::path path_; // empty once unlinked
    unique_fd fd_;
};

class spool {
public:
    // Creates the directory (0700) when missing and removes everything a former run left in it.
    static result<std::unique_ptr<spool>> open(const std::filesystem::path& directory, std::uint64_t quota);
    result<std::unique_ptr<spool_file>> create(); // any thread; file mode 0600
    std::uint64_t used() const { return used_->load(); }
    std::uint64_t quota() const { return quota_; }

private:
    spool(std::filesystem::path directory, std::uint64_t quota);
    std::filesystem::path directory_;
    std::uint64_t quota_;
    std::shared_ptr<std::atomic<std::uint64_t>> used_;
};

} // namespace vanthu::ledger
