#include "daemon/ledger/restore.hpp"

#include "daemon/base/ids.hpp"
#include "daemon/ledger/backup.hpp"
#include "daemon/ledger/copying.hpp"

#include <fmt/format.h>

namespace vanthu::ledger {
namespace {

namespace fs = std::filesystem;

fail as_it_is(failure f) { return fail(std::move(f)); }

// What cannot be read of the backup is the backup's fault, what cannot be written is not.
fail of_backup(failure f) {
    if (f.code == errc::no_space || f.code == errc::write_failed) return fail(std::move(f));
    return failed(errc::backup_damaged, std::move(f.detail));
}

result<> check_target(file_system& files, const fs::path& target) {
    if (!files.exists(target)) return {};
    VANTHU_TRY(auto names, files.list(target));
    if (files.exists(target / restoring_name)) return {};
    for (const auto& name : names)
        if (!may_stand_in_an_empty_directory(name)) return failed(errc::restore_target_taken, (target / name).string());
    return {};
}

// Directories as deep as `depth`; files at the last level only.
result<> copy_tree(file_system& files, const fs::path& from, const fs::path& to, unsigned depth) {
    VANTHU_CHECK(files.create_directory(to));
    VANTHU_TRY(auto names, files.list(from));
    for (const auto& name : names) {
        if (name == "tmp") continue;
        VANTHU_CHECK(depth > 0 ? copy_tree(files, from / name, to / name, depth - 1)
                               : copy_file(files, from / name, to / name, std::nullopt, as_it_is, nullptr));
    }
    return files.fsync_directory(to);
}

result<store_identity> give_identity(const store_options& target, const backup_identity& from, timestamp now) {
    bool torn = false;
    rows_database::settings settings{target.directory / "rows", target.block_cache_bytes, target.rows_env,
                                     [](const failure&) {}};
    auto rows = rows_database::open(settings, from.group, torn);
    if (!rows) return of_backup(rows.error());
    auto written = (*rows)->identity();
    if (!written) return of_backup(written.error());
    auto last = (*rows)->last_group();
    if (!last) return of_backup(last.error());
    if (*written != from.store || *last != from.group || torn)
        return failed(errc::backup_damaged, fmt::format("BACKUP is group {} of {}, the rows are group {} of {}",
                                                        from.group, from.store.instance, *last, written->instance));
    store_identity own{store::format, new_id(now), from.store.created};
    VANTHU_CHECK((*rows)->set_identity(own));
    VANTHU_CHECK((*rows)->flush());
    return own;
}

} // namespace

result<restore_begun> begin_restore(const fs::path& backup, store_options target) {
    if (!target.files) target.files = &real_file_system();
    file_system& files = *target.files;
    const fs::path to = target.directory;
    const timestamp now = target.clock ? target.clock->now() : system_clock().now();
    VANTHU_TRY(const backup_identity from, read_backup(files, backup));
    VANTHU_CHECK(check_target(files, to));
    VANTHU_CHECK(files.create_directory(to));
    VANTHU_TRY(auto lock, files.lock_file(to / "LOCK"));
    VANTHU_CHECK(check_target(files, to)); // again: now nobody else changes it

    VANTHU_CHECK(write_file(files, to / restoring_name, ""));
    VANTHU_CHECK(files.fsync_directory(to));
    VANTHU_CHECK(files.fsync_directory(to.parent_path().empty() ? "." : to.parent_path()));
    const std::string_view keep[] = {restoring_name, "LOCK", "lost+found", "spool"};
    VANTHU_CHECK(clear_directory(files, to, keep));

    for (const auto& [name, depth] : {std::pair("rows", 0u), std::pair("segments", 0u), std::pair("files", 2u)})
        if (auto copied = copy_tree(files, backup / name, to / name, depth); !copied) return of_backup(copied.error());
    VANTHU_CHECK(payload_files::create_directories(files, to));
    VANTHU_CHECK(committed_mark::create(files, to));
    VANTHU_TRY(auto mark, committed_mark::open(files, to));
    VANTHU_CHECK(mark->write({from.group, true}));
    VANTHU_CHECK(mark->sync());
    VANTHU_TRY(const store_identity own, give_identity(target, from, now));
    VANTHU_CHECK(write_identity(files, to, own));
    VANTHU_CHECK(files.fsync_directory(to));
    return restore_begun{own.instance, from.store.instance, from.group, from.taken};
}

result<> end_restore(const store_options& target) {
    file_system& files = target.files ? *target.files : real_file_system();
    VANTHU_CHECK(files.unlink(target.directory / restoring_name));
    return files.fsync_directory(target.directory);
}

} // namespace vanthu::ledger
