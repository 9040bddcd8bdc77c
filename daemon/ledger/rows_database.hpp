// RocksDB, with the options and the recovery rules of the store (docs/store-format.md). The only header of this folder
// that shows RocksDB's types; only the store's own .cpp files include it.
#pragma once

#include "daemon/ledger/store.hpp"
#include "daemon/ledger/store_directory.hpp"

#include <atomic>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

namespace vanthu::ledger {

class rows_database {
public:
    struct settings {
        std::filesystem::path directory;
        std::size_t block_cache_bytes = 0;
        rocksdb::Env* env = nullptr;
        std::function<void(const failure&)> write_failed; // a background write failed; from any thread
    };
    enum class family { store_wide, rows, inside, payloads };
    static constexpr std::size_t family_count = 4;

    static result<std::unique_ptr<rows_database>> create(settings, const store_identity&);
    // `at_least`: the last group that must be there. `torn_tail` becomes true when the end of the log was torn and cut
    // off.
    static result<std::unique_ptr<rows_database>> open(settings, std::uint64_t at_least, bool& torn_tail);
    ~rows_database();

    rocksdb::DB& db() const { return *db_; }
    rocksdb::ColumnFamilyHandle* operator[](family f) const { return handles_[std::size_t(f)]; }
    result<std::optional<std::string>> get(family, std::string_view key) const;
    result<store_identity> identity() const;
    result<> set_identity(const store_identity&); // synced
    result<std::uint64_t> last_group() const;
    void put_last_group(rocksdb::WriteBatch&, std::uint64_t) const;

    // Synced. errc::no_space: nothing was written; the next write calls resume() first.
    result<> write(rocksdb::WriteBatch&);
    result<> flush();

    struct live_file {
        std::filesystem::path from;          // whole, or its first `length` bytes
        std::string name;                    // in the directory of the copy
        std::optional<std::uint64_t> length; // none: all of it
        std::string content;                 // not empty: this instead of what `from` holds
    };
    // The files that together are these rows after some group; none of them goes before `copy` has seen all. Nothing is
    // flushed for it; the log is synced. The log may end with a group torn by the copy, which open() then drops.
    result<> copy_live_files(const std::function<result<>(const live_file&)>& copy) const;

private:
    struct watcher;
    rows_database() = default;
    static result<std::unique_ptr<rows_database>> attempt(const settings&, const std::shared_ptr<watcher>&, bool create,
                                                          rocksdb::WALRecoveryMode, bool read_only, bool& corrupt);
    result<> resume();
    result<> from_status(const rocksdb::Status&, std::string_view what) const;

    std::shared_ptr<watcher> watcher_;
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

inline rocksdb::Slice slice(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view text(const rocksdb::Slice& s) { return {s.data(), s.size()}; }
fail read_failure(const rocksdb::Status&);

// What walk() needs of rows in the order of their keys. Goes one way only, whichever it began with.
class row_cursor {
public:
    virtual ~row_cursor() = default;
    virtual void seek(std::string_view key) = 0;          // at it or the first one behind
    virtual void seek_for_prev(std::string_view key) = 0; // at it or the last one before
    virtual void seek_to_last() = 0;
    virtual bool valid() const = 0;
    virtual std::string_view key() const = 0; // this and value() until the next step
    virtual std::string_view value() const = 0;
    virtual void next() = 0;
    virtual void prev() = 0;
    virtual rocksdb::Status status() const = 0;
};

// The database's own.
class database_rows final : public row_cursor {
public:
    explicit database_rows(std::unique_ptr<rocksdb::Iterator> at) : at_(std::move(at)) {}
    void seek(std::string_view key) override { at_->Seek(slice(key)); }
    void seek_for_prev(std::string_view key) override { at_->SeekForPrev(slice(key)); }
    void seek_to_last() override { at_->SeekToLast(); }
    bool valid() const override { return at_->Valid(); }
    std::string_view key() const override { return text(at_->key()); }
    std::string_view value() const override { return text(at_->value()); }
    void next() override { at_->Next(); }
    void prev() override { at_->Prev(); }
    rocksdb::Status status() const override { return at_->status(); }

private:
    std::unique_ptr<rocksdb::Iterator> at_;
};

// Walks the rows of a prefix: view::scan of committed rows and of a transaction alike.
result<> walk(row_cursor&, std::string_view prefix, std::string_view from, const view::row_visitor&, direction);
// Read options whose bounds hold the iterator inside the prefix; keeps the bounds' bytes.
struct prefix_bounds {
    explicit prefix_bounds(std::string_view prefix);
    prefix_bounds(const prefix_bounds&) = delete;
    rocksdb::ReadOptions options;

private:
    std::string lower_, upper_;
    rocksdb::Slice lower_slice_, upper_slice_;
};

} // namespace vanthu::ledger
