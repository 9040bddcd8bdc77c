#include "daemon/ledger/rows_database.hpp"

#include "daemon/ledger/keys.hpp"
#include "daemon/ledger/rows.hpp"

#include <fmt/format.h>
#include <limits>
#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

namespace vanthu::ledger {
namespace {
constexpr const char* family_names[] = {"default", "rows", "inside", "payloads"};
constexpr const char *identity_key = "store", *group_key = "group";

// Rows of one owner and type are mostly written in the order of their keys (ids and sequences grow): each such run
// remembers in memory where it stood. Nothing of it is stored. Inboxes and counters are written one or two an owner, but
// by a document to many for thousands of owners in order: they are one run each.
class run_of_rows final : public rocksdb::SliceTransform {
public:
    const char* Name() const override { return "vanthu.owner-and-type"; }
    rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
        const std::size_t run = length(key);
        const char type = key[run - 1];
        return type == 'I' ? rocksdb::Slice("I") : type == 'Z' ? rocksdb::Slice("Z") : rocksdb::Slice(key.data(), run);
    }
    bool InDomain(const rocksdb::Slice& key) const override {
        const std::size_t end = text(key).find('\0');
        return end != std::string_view::npos && end + 2 <= key.size();
    }

private:
    static std::size_t length(const rocksdb::Slice& key) { return text(key).find('\0') + 2; }
};

rocksdb::Options options_for(const rows_database::settings& s) {
    rocksdb::Options o;
    if (s.env) o.env = s.env;
    o.max_total_wal_size = 64u << 20; // opening replays the log: bound it
    o.recycle_log_file_num = 0;       // a recycled log's old bytes would make a torn tail ambiguous
    o.track_and_verify_wals_in_manifest = true;
    o.info_log_level = rocksdb::WARN_LEVEL;
    o.keep_log_file_num = 4;
    o.stats_dump_period_sec = 0;
    o.stats_persist_period_sec = 0;
    o.max_bgerror_resume_count = 0; // the committer resumes, when the next group comes
    o.max_file_opening_threads = 2; // made at every opening, however few files there are
    o.write_buffer_size = 32u << 20;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(s.block_cache_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.format_version = 5;
    o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    // Queues leave runs of deletions behind: compact a file that is full of them.
    o.table_properties_collector_factories.push_back(rocksdb::NewCompactOnDeletionCollectorFactory(8192, 4096));
    return o;
}

std::string framed_identity(const store_identity& identity) {
    return row_writer('S', 1).u32(identity.format).text(identity.instance).time(identity.created).take();
}
std::string framed_group(std::uint64_t group) { return row_writer('G', 1).u64(group).take(); }
} // namespace

struct rows_database::watcher final : rocksdb::EventListener {
    explicit watcher(std::function<void(const failure&)> told) : write_failed(std::move(told)) {}
    bool ShouldBeNotifiedOnFileIO() override { return true; }
    void OnFileSyncFinish(const rocksdb::FileOperationInfo& info) override {
        if (!info.status.ok()) sync_failed = true;
    }
    void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
        if (status->IsNoSpace())
            stalled = true;
        else
            write_failed({make_error_code(errc::write_failed), "background: " + status->ToString()});
    }
    // RocksDB would poll for space by itself and be busy with that when the committer asks.
    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* by_itself) override {
        *by_itself = false;
    }
    std::function<void(const failure&)> write_failed;
    std::atomic<bool> sync_failed{false}; // what was not synced may or may not be there: nothing may be acknowledged
    std::atomic<bool> stalled{false};     // RocksDB refuses writes until it is resumed
};

fail read_failure(const rocksdb::Status& s) {
    return failed(s.IsNoSpace()                           ? errc::no_space
                  : s.IsIOError() && !s.IsPathNotFound() ? errc::read_failed
                                                         : errc::damaged,
                  s.ToString());
}

result<> rows_database::from_status(const rocksdb::Status& s, std::string_view what) const {
    if (s.ok()) return {};
    bool refused = s.IsNoSpace() && !watcher_->sync_failed;
    return failed(refused            ? errc::no_space
                  : s.IsCorruption() ? errc::damaged
                                     : errc::write_failed,
                  fmt::format("{}: {}", what, s.ToString()));
}

rows_database::~rows_database() {
    for (auto* handle : handles_) (void)db_->DestroyColumnFamilyHandle(handle);
    if (db_) (void)db_->Close();
}

result<std::unique_ptr<rows_database>> rows_database::attempt(const settings& s, const std::shared_ptr<watcher>& watch,
                                                              bool create, rocksdb::WALRecoveryMode mode,
                                                              bool read_only, bool& corrupt) {
    rocksdb::Options o = options_for(s);
    o.create_if_missing = o.create_missing_column_families = create;
    o.wal_recovery_mode = mode;
    if (!read_only) o.listeners.push_back(watch);
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const char* name : family_names) families.emplace_back(name, o);
    families[std::size_t(family::rows)].options.memtable_insert_with_hint_prefix_extractor =
        std::make_shared<run_of_rows>();
    std::unique_ptr<rows_database> opened(new rows_database);
    opened->watcher_ = watch;
    rocksdb::DB* raw = nullptr;
    auto status = read_only ? rocksdb::DB::OpenForReadOnly(o, s.directory.string(), families, &opened->handles_, &raw)
                            : rocksdb::DB::Open(o, s.directory.string(), families, &opened->handles_, &raw);
    opened->db_.reset(raw);
    corrupt = status.IsCorruption();
    if (status.ok()) return opened;
    // Our own lock is held: anything else that cannot be opened is damage, or the disk refusing to write.
    errc code = status.IsNoSpace()                               ? errc::no_space
                : status.IsIOError() && !status.IsPathNotFound() ? errc::write_failed
                                                                 : errc::damaged;
    return failed(code, fmt::format("open {}: {}", s.directory.string(), status.ToString()));
}

result<std::unique_ptr<rows_database>> rows_database::create(settings s, const store_identity& identity) {
    auto watch = std::make_shared<watcher>(s.write_failed);
    bool corrupt = false;
    VANTHU_TRY(auto made, attempt(s, watch, true, rocksdb::WALRecoveryMode::kAbsoluteConsistency, false, corrupt));
    rocksdb::WriteBatch batch;
    batch.Put((*made)[family::store_wide], identity_key, framed_identity(identity));
    made->put_last_group(batch, 0);
    VANTHU_CHECK(made->write(batch));
    return made;
}

// A log that reads to its end without a flaw is the normal case, also after kill -9. Where it does not, the flaw is
// either the torn write of the one group that was under way at a power cut (dropped: nobody was answered), or damage to
// groups that were acknowledged (refused). Two read-only looks tell: how far the rows reach before the flaw, and
// whether any whole group stands after it. The bound `at_least` guards the last acknowledged group itself.
result<std::unique_ptr<rows_database>> rows_database::open(settings s, std::uint64_t at_least, bool& torn_tail) {
    auto watch = std::make_shared<watcher>(s.write_failed);
    bool corrupt = false, ignored = false;
    auto opened = attempt(s, watch, false, rocksdb::WALRecoveryMode::kAbsoluteConsistency, false, corrupt);
    torn_tail = false;
    if (!opened && corrupt) {
        std::string first_flaw = opened.error().detail;
        auto last_in = [&](rocksdb::WALRecoveryMode mode) -> result<std::uint64_t> {
            VANTHU_TRY(auto looked, attempt(s, watch, false, mode, true, ignored));
            return looked->last_group();
        };
        VANTHU_TRY(auto before_flaw, last_in(rocksdb::WALRecoveryMode::kPointInTimeRecovery));
        VANTHU_TRY(auto anywhere, last_in(rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords));
        if (anywhere != before_flaw)
            return failed(errc::damaged,
                          fmt::format("groups {} to {} stand after a flaw: {}", before_flaw + 1, anywhere, first_flaw));
        if (before_flaw < at_least)
            return failed(errc::shorter_than_committed, fmt::format("group {} was committed, the rows end with {}: {}",
                                                                    at_least, before_flaw, first_flaw));
        opened = attempt(s, watch, false, rocksdb::WALRecoveryMode::kPointInTimeRecovery, false, ignored);
        torn_tail = true;
    }
    if (!opened) return opened;
    VANTHU_TRY(auto last, (*opened)->last_group());
    if (last < at_least)
        return failed(errc::shorter_than_committed,
                      fmt::format("group {} was committed, the rows end with {}", at_least, last));
    return opened;
}

result<std::optional<std::string>> rows_database::get(family f, std::string_view key) const {
    std::string value;
    auto status = db_->Get(rocksdb::ReadOptions(), (*this)[f], slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return read_failure(status);
    return value;
}

result<store_identity> rows_database::identity() const {
    VANTHU_TRY(auto value, get(family::store_wide, identity_key));
    if (!value) return failed(errc::damaged, "no store row");
    VANTHU_TRY(auto row, row_reader::open(*value, 'S', 1));
    store_identity identity;
    VANTHU_TRY(identity.format, row.u32());
    VANTHU_TRY(identity.instance, row.text());
    VANTHU_TRY(identity.created, row.time());
    return identity;
}

result<std::uint64_t> rows_database::last_group() const {
    VANTHU_TRY(auto value, get(family::store_wide, group_key));
    if (!value) return failed(errc::damaged, "no group row");
    VANTHU_TRY(auto row, row_reader::open(*value, 'G', 1));
    return row.u64();
}

void rows_database::put_last_group(rocksdb::WriteBatch& batch, std::uint64_t group) const {
    batch.Put((*this)[family::store_wide], group_key, framed_group(group));
}

// Resuming writes: all rows in memory, a new log, a new manifest. Where there is no room for the new log RocksDB gives
// up for good in this process, and says "no space" ever after: so it is not asked before there is room, and where it
// has given up, the store ends, as after any write that failed, for the next start to go on.
result<> rows_database::resume() {
    constexpr std::uint64_t room = 64u << 20; // as much as the logs may hold
    std::uint64_t available = 0;
    if (db_->GetEnv()->GetFreeSpace(db_->GetName(), &available).ok() && available < room)
        return failed(errc::no_space, fmt::format("{} bytes free, going on takes {}", available, room));
    auto status = db_->Resume();
    if (status.IsBusy()) return failed(errc::no_space, status.ToString()); // RocksDB is at it itself
    if (status.severity() >= rocksdb::Status::kFatalError)
        return failed(errc::write_failed, "resume: " + status.ToString());
    VANTHU_CHECK(from_status(status, "resume"));
    watcher_->stalled = false;
    return {};
}

result<> rows_database::write(rocksdb::WriteBatch& batch) {
    if (watcher_->sync_failed) return failed(errc::write_failed, "an earlier sync failed");
    if (watcher_->stalled) VANTHU_CHECK(resume());
    rocksdb::WriteOptions synced;
    synced.sync = true;
    auto status = db_->Write(synced, &batch);
    if (status.IsNoSpace()) watcher_->stalled = true;
    return from_status(status, "write");
}

result<> rows_database::set_identity(const store_identity& identity) {
    rocksdb::WriteBatch batch;
    batch.Put((*this)[family::store_wide], identity_key, framed_identity(identity));
    return write(batch);
}

result<> rows_database::copy_live_files(const std::function<result<>(const live_file&)>& copy) const {
    VANTHU_CHECK(from_status(db_->DisableFileDeletions(), "files of the rows"));
    struct again {
        rocksdb::DB& db;
        ~again() { (void)db.EnableFileDeletions(false); }
    } let_go{*db_};
    rocksdb::LiveFilesStorageInfoOptions as_it_is;
    as_it_is.wal_size_for_flush = std::numeric_limits<std::uint64_t>::max();
    std::vector<rocksdb::LiveFileStorageInfo> found;
    // Syncs the log; where that fails the store is at its end, as after any sync.
    VANTHU_CHECK(from_status(db_->GetLiveFilesStorageInfo(as_it_is, &found), "files of the rows"));
    for (const auto& f : found) {
        live_file one{std::filesystem::path(f.directory) / f.relative_filename, f.relative_filename, std::nullopt,
                      f.replacement_contents};
        if (f.trim_to_size) one.length = f.size;
        VANTHU_CHECK(copy(one));
    }
    return {};
}

result<> rows_database::flush() {
    rocksdb::FlushOptions wait;
    return from_status(db_->Flush(wait, handles_), "flush");
}

prefix_bounds::prefix_bounds(std::string_view prefix) : lower_(prefix), upper_(after_prefix(prefix)) {
    lower_slice_ = lower_;
    upper_slice_ = upper_;
    options.iterate_lower_bound = &lower_slice_;
    if (!upper_.empty()) options.iterate_upper_bound = &upper_slice_;
}

result<> walk(row_cursor& rows, std::string_view prefix, std::string_view from, const view::row_visitor& visit,
              direction way) {
    bool forward = way == direction::forward;
    if (forward) {
        rows.seek(from > prefix ? from : prefix);
    } else {
        std::string end = after_prefix(prefix);
        if (!from.empty() && (end.empty() || from < end))
            rows.seek_for_prev(from);
        else if (!end.empty())
            rows.seek_for_prev(end);
        else
            rows.seek_to_last();
        if (rows.valid() && rows.key() == end) rows.prev(); // the end itself is outside
    }
    for (; rows.valid() && rows.key().starts_with(prefix); forward ? rows.next() : rows.prev())
        if (!visit(rows.key(), rows.value())) break;
    if (!rows.status().ok()) return read_failure(rows.status());
    return {};
}

} // namespace vanthu::ledger
