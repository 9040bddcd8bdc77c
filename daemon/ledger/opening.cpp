#include "daemon/ledger/opening.hpp"

#include "daemon/base/ids.hpp"
#include "daemon/ledger/group_transaction.hpp"

#include <fmt/format.h>

namespace vanthu::ledger {

void failure_bell::ring(const failure& f) {
    std::lock_guard lock(mutex_);
    if (!first_) first_ = f;
    if (listener_) listener_(f);
}

void failure_bell::listen(std::function<void(const failure&)> listener) {
    std::lock_guard lock(mutex_);
    listener_ = std::move(listener);
    if (listener_ && first_) listener_(*first_);
}

result<> each_payload(const rows_database& rows, std::string_view kind,
                      const std::function<void(const payload_ref&)>& visit) {
    std::unique_ptr<rocksdb::Iterator> row(
        rows.db().NewIterator(rocksdb::ReadOptions(), rows[rows_database::family::payloads]));
    for (row->Seek(slice(kind)); row->Valid() && text(row->key()).starts_with(kind); row->Next()) {
        VANTHU_TRY(auto ref, payload_ref::decode(text(row->value())));
        visit(ref);
    }
    if (!row->status().ok()) return read_failure(row->status());
    return {};
}

namespace {

result<> create(const store_options& options, const rows_database::settings& rows_settings, opened_parts& parts) {
    file_system& files = *options.files;
    parts.identity = {store::format, new_id(parts.clock->now()), parts.clock->now()};
    VANTHU_CHECK(begin_creation(files, options.directory, parts.identity));
    VANTHU_CHECK(payload_files::create_directories(files, options.directory));
    VANTHU_CHECK(committed_mark::create(files, options.directory));
    VANTHU_CHECK(files.create_directory(options.directory / "rows"));
    VANTHU_TRY(parts.rows, rows_database::create(rows_settings, parts.identity));
    VANTHU_TRY(parts.mark, committed_mark::open(files, options.directory));
    parts.report.created = true;
    return end_creation(files, options.directory);
}

result<> reopen(const store_options& options, const rows_database::settings& rows_settings, opened_parts& parts) {
    file_system& files = *options.files;
    // A creation that was killed before its last sync left a name that is seen but not yet on disk.
    VANTHU_CHECK(files.fsync_directory(options.directory));
    VANTHU_TRY(parts.identity, read_identity(files, options.directory));
    VANTHU_TRY(parts.mark, committed_mark::open(files, options.directory));
    VANTHU_TRY(parts.rows,
               rows_database::open(rows_settings, parts.mark->found().group, parts.report.torn_tail_dropped));
    VANTHU_TRY(auto written, parts.rows->identity());
    if (written.instance != parts.identity.instance || written.created != parts.identity.created)
        return failed(errc::foreign_directory,
                      fmt::format("STORE is {}, the rows are {}", parts.identity.instance, written.instance));
    VANTHU_TRY(parts.report.last_group, parts.rows->last_group());
    parts.report.closed_cleanly = parts.mark->found().closed_cleanly;
    return {};
}

result<> recover_payloads(opened_parts& parts) {
    std::vector<payload_ref> committed;
    for (const char* kind : {"f", "s"})
        VANTHU_CHECK(each_payload(*parts.rows, kind, [&](const payload_ref& ref) { committed.push_back(ref); }));
    VANTHU_TRY(auto reclaimed,
               parts.payloads->recover(committed, parts.report.last_group, !parts.report.closed_cleanly));
    parts.report.payload_bytes_reclaimed = reclaimed.bytes;
    parts.report.files_removed = reclaimed.files;
    return {};
}

// What this program writes an older one takes for damage; by the number it refuses to start. STORE is read first and
// so written first: a start that finds only that one raised ends it.
result<> raise_format(file_system& files, const std::filesystem::path& directory, opened_parts& parts) {
    VANTHU_TRY(const store_identity rows, parts.rows->identity());
    const bool raised = parts.identity.format == store::format;
    parts.identity.format = store::format;
    if (!raised) VANTHU_CHECK(replace_identity(files, directory, parts.identity));
    if (rows != parts.identity) VANTHU_CHECK(parts.rows->set_identity(parts.identity));
    return {};
}

} // namespace

result<opened_parts> open_parts(store_options options) {
    if (!options.files) options.files = &real_file_system();
    file_system& files = *options.files;
    opened_parts parts;
    parts.clock = options.clock ? options.clock : std::make_shared<const system_clock>();
    parts.on_fatal = std::move(options.on_fatal);
    parts.group_at_most = std::max<std::size_t>(1, options.group_at_most);
    parts.failures = std::make_shared<failure_bell>();
    auto ring = [bell = parts.failures](const failure& f) { bell->ring(f); };

    VANTHU_TRY(auto state, look_at(files, options.directory));
    auto is_store = [&] { return state == directory_state::whole || state == directory_state::restoring; };
    if (!is_store() && !options.create) return failed(errc::directory_missing, options.directory.string());
    VANTHU_CHECK(files.create_directory(options.directory));
    VANTHU_TRY(parts.lock, files.lock_file(options.directory / "LOCK"));
    VANTHU_TRY(state, look_at(files, options.directory)); // again: now nobody else changes it
    if (state == directory_state::restoring && !options.restoring)
        return failed(errc::restore_unfinished, options.directory.string());
    parts.files = options.files;
    parts.rows_env = options.rows_env;
    parts.directory = options.directory;
    parts.minimum_free = options.payloads.minimum_free_bytes;

    rows_database::settings rows_settings{options.directory / "rows", options.block_cache_bytes, options.rows_env,
                                          ring};
    VANTHU_CHECK(is_store() ? reopen(options, rows_settings, parts) : create(options, rows_settings, parts));

    parts.payloads = std::make_unique<payload_files>(
        payload_files::surroundings{files, options.directory,
                                    [rows = parts.rows.get()](const payload_ref& ref) {
                                        return rows->get(rows_database::family::inside, inside_key(ref));
                                    },
                                    ring},
        std::move(options.payloads));
    VANTHU_CHECK(recover_payloads(parts));
    VANTHU_CHECK(raise_format(files, options.directory, parts));
    // From here on the store counts as not closed, whatever happens.
    VANTHU_CHECK(parts.mark->write({parts.report.last_group, false}));
    VANTHU_CHECK(parts.mark->sync());
    return parts;
}

} // namespace vanthu::ledger
