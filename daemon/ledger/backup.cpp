#include "daemon/ledger/backup.hpp"

#include "daemon/ledger/copying.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace vanthu::ledger {
namespace {

namespace fs = std::filesystem;
constexpr const char *whole_name = "BACKUP", *begun_name = "BACKUP.new", *store_name = "STORE";

std::string to_text(const backup_identity& b) {
    return small_file("vanthu backup")
        .line("format", std::to_string(b.store.format))
        .line("instance", b.store.instance)
        .line("created_us", std::to_string(to_us(b.store.created)))
        .line("group", std::to_string(b.group))
        .line("taken_us", std::to_string(to_us(b.taken)))
        .take();
}

// What goes wrong on the side of the target is the backup's, never the store's.
fail at_target(failure f) {
    if (f.code == errc::closed || f.code == errc::backup_no_space) return fail(std::move(f));
    return failed(f.code == errc::no_space ? errc::backup_no_space : errc::backup_failed, std::move(f.detail));
}
result<> at_target(result<> r) {
    if (!r) return at_target(std::move(r.error()));
    return r;
}

bool lies_in(const fs::path& inner, const fs::path& outer) {
    std::error_code ec;
    const fs::path i = fs::weakly_canonical(inner, ec).lexically_normal();
    const fs::path o = fs::weakly_canonical(outer, ec).lexically_normal();
    return std::ranges::mismatch(o, i).in1 == o.end();
}

// Looked at again under the lock: between the first look and the lock another writer may have renamed BACKUP.new, and
// what is locked is a new one. It goes; the backup is whole.
bool was_completed(file_system& files, const fs::path& at) {
    if (!files.exists(at / whole_name)) return false;
    (void)files.unlink(at / begun_name);
    return true;
}

class writer {
public:
    writer(const backup_source& from, fs::path target) : from_(from), files_(from.files), target_(std::move(target)) {}

    result<backup_progress> run() {
        VANTHU_CHECK(begin());
        auto done = fill();
        if (!done) {
            undo();
            return std::unexpected(done.error());
        }
        return progress_;
    }

private:
    // By what its file says: a directory may have any name.
    bool is_store_or_backup(const fs::path& directory) {
        for (const auto& [name, title] : {std::pair(whole_name, "vanthu backup\n"), {store_name, "vanthu store\n"}}) {
            const auto text = files_.exists(directory / name) ? read_small_file(files_, directory / name)
                                                              : result<std::string>(std::string());
            if (text && text->starts_with(title)) return true;
        }
        return files_.exists(directory / begun_name); // one under way, or left: it is cleared with all in it
    }

    result<> begin() {
        if (lies_in(target_, from_.directory))
            return failed(errc::backup_target_taken, target_.string() + " lies inside the store");
        // Nor inside another backup, nor another store: it would no longer be what it says it is.
        for (fs::path above = target_.parent_path(); !above.empty(); above = above.parent_path()) {
            if (is_store_or_backup(above))
                return failed(errc::backup_target_taken,
                              fmt::format("{} lies inside the store or backup {}", target_.string(), above.string()));
            if (above == above.parent_path()) break;
        }
        if (files_.exists(target_)) {
            auto names = files_.list(target_);
            if (!names) return at_target(names.error());
            // Empty, or left by a backup that did not end.
            const bool unfinished = std::ranges::find(*names, begun_name) != names->end();
            if (!names->empty() && (!unfinished || std::ranges::find(*names, whole_name) != names->end()))
                return failed(errc::backup_target_taken, target_.string());
        }
        VANTHU_CHECK(at_target(files_.create_directory(target_)));
        auto mine = files_.lock_file(target_ / begun_name);
        if (!mine && mine.error().code == errc::in_use) return failed(errc::backup_target_taken, target_.string());
        if (!mine) return at_target(mine.error());
        lock_ = std::move(*mine);
        if (was_completed(files_, target_)) return failed(errc::backup_target_taken, target_.string());
        auto made = begin_directory();
        if (!made) undo();
        return made;
    }
    result<> begin_directory() {
        VANTHU_CHECK(at_target(write_file(files_, target_ / begun_name, "")));
        VANTHU_CHECK(at_target(files_.fsync_directory(target_)));
        VANTHU_CHECK(at_target(files_.fsync_directory(target_.parent_path().empty() ? "." : target_.parent_path())));
        const std::string_view keep[] = {begun_name};
        return at_target(clear_directory(files_, target_, keep));
    }
    // BACKUP.new goes last: as long as anything stands, it is known for what it is.
    void undo() {
        const std::string_view keep[] = {begun_name};
        (void)clear_directory(files_, target_, keep);
        (void)files_.remove_tree(target_);
    }

    result<> fill() {
        progress_.taken = from_.now;
        VANTHU_CHECK(copy_rows());
        VANTHU_CHECK(at_target(payload_files::create_directories(files_, target_)));
        VANTHU_CHECK(copy_payloads());
        return conclude();
    }

    before_piece ask() {
        return [this](std::uint64_t length) -> result<> {
            if (from_.stop) return failed(errc::closed, "a backup was under way");
            if (from_.minimum_free > 0) {
                auto available = files_.free_bytes(target_);
                if (!available) return at_target(available.error());
                if (*available < from_.minimum_free + length)
                    return failed(errc::backup_no_space, fmt::format("{}: {} bytes free, {} are to stay free",
                                                                     target_.string(), *available, from_.minimum_free));
            }
            progress_.bytes += length;
            return {};
        };
    }
    void tell() {
        if (from_.tell) from_.tell(progress_);
    }

    result<> copy_rows() {
        VANTHU_CHECK(at_target(files_.create_directory(target_ / "rows")));
        VANTHU_CHECK(from_.rows.copy_live_files([&](const rows_database::live_file& f) -> result<> {
            const fs::path to = target_ / "rows" / f.name;
            if (!f.content.empty()) return at_target(write_file(files_, to, f.content));
            VANTHU_CHECK(copy_file(files_, f.from, to, f.length, static_cast<fail (*)(failure)>(at_target), ask()));
            tell();
            return {};
        }));
        VANTHU_CHECK(at_target(files_.fsync_directory(target_ / "rows")));
        // Opened and closed once: whatever the copy tore off the end of the log goes here, and it is known to open.
        bool torn = false;
        rows_database::settings settings{target_ / "rows", 8u << 20, from_.rows_env, [](const failure&) {}};
        auto opened = rows_database::open(settings, from_.at_least, torn);
        if (!opened) return at_target(opened.error());
        rows_ = std::move(*opened);
        VANTHU_CHECK(at_target(rows_->flush()));
        VANTHU_TRY(progress_.group, rows_->last_group());
        return {};
    }

    result<> copy_payloads() {
        result<> done;
        std::uint64_t told = progress_.bytes;
        auto one = [&](const payload_ref& ref) {
            if (!done) return;
            done = ref.kind == payload_kind::file ? copy_own_file(ref) : copy_record(ref);
            ++progress_.payloads;
            if (progress_.bytes - told >= 64u << 20) {
                told = progress_.bytes;
                tell();
            }
        };
        for (const char* kind : {"f", "s"}) VANTHU_CHECK(each_payload(*rows_, kind, one));
        VANTHU_CHECK(done);
        VANTHU_CHECK(end_segment());
        VANTHU_CHECK(at_target(files_.fsync_directory(target_ / "segments")));
        // Leaves before what holds them.
        for (const fs::path& d : directories_) VANTHU_CHECK(at_target(files_.fsync_directory(d)));
        for (const fs::path& d : directories_) VANTHU_CHECK(at_target(files_.fsync_directory(d.parent_path())));
        return at_target(files_.fsync_directory(target_ / "files"));
    }

    result<> copy_own_file(const payload_ref& ref) {
        VANTHU_CHECK(from_.payloads.verify(ref));
        const fs::path place = payload_files::place_of_file(ref.id), leaf = (target_ / place).parent_path();
        if (directories_.insert(leaf).second) {
            VANTHU_CHECK(at_target(files_.create_directory(leaf.parent_path())));
            VANTHU_CHECK(at_target(files_.create_directory(leaf)));
        }
        return copy_file(files_, from_.directory / place, target_ / place, ref.stored_length,
                         static_cast<fail (*)(failure)>(at_target), ask());
    }

    result<> copy_record(const payload_ref& ref) {
        VANTHU_CHECK(from_.payloads.verify(ref));
        if (!segment_to_ || segment_ != ref.segment) {
            VANTHU_CHECK(end_segment());
            segment_ = ref.segment;
            VANTHU_TRY(segment_from_,
                       files_.open(from_.directory / "segments" / segment_name(segment_), open_mode::read));
            auto made = files_.open(target_ / "segments" / segment_name(segment_), open_mode::create_new);
            if (!made) return at_target(made.error());
            segment_to_ = std::move(*made);
        }
        segment_end_ = ref.offset + ref.stored_length;
        return copy_bytes({*segment_from_, *segment_to_, static_cast<fail (*)(failure)>(at_target)}, ref.offset,
                          ref.offset, ref.stored_length, ask());
    }
    result<> end_segment() {
        if (!segment_to_) return {};
        VANTHU_CHECK(at_target(segment_to_->truncate(segment_end_))); // a last block of zeros was not written
        VANTHU_CHECK(at_target(segment_to_->fdatasync()));
        segment_to_.reset();
        return {};
    }

    result<> conclude() {
        rows_.reset();
        VANTHU_CHECK(at_target(files_.fsync_directory(target_ / "rows")));
        VANTHU_CHECK(at_target(committed_mark::create(files_, target_)));
        auto mark = committed_mark::open(files_, target_);
        if (!mark) return at_target(mark.error());
        VANTHU_CHECK(at_target((*mark)->write({progress_.group, true})));
        VANTHU_CHECK(at_target((*mark)->sync()));
        const backup_identity identity{from_.identity, progress_.group, progress_.taken};
        VANTHU_CHECK(at_target(write_file(files_, target_ / begun_name, to_text(identity))));
        VANTHU_CHECK(at_target(files_.fsync_directory(target_)));
        if (from_.stop) return failed(errc::closed, "a backup was under way");
        VANTHU_CHECK(at_target(files_.rename(target_ / begun_name, target_ / whole_name)));
        VANTHU_CHECK(at_target(files_.fsync_directory(target_)));
        tell();
        return {};
    }

    const backup_source& from_;
    file_system& files_;
    const fs::path target_;
    backup_progress progress_;
    std::unique_ptr<file_system::lock> lock_; // of BACKUP.new: somebody writes here
    std::unique_ptr<rows_database> rows_;     // of the copy
    std::set<fs::path> directories_;          // of files of their own
    std::unique_ptr<file> segment_from_, segment_to_;
    std::uint32_t segment_ = 0;
    std::uint64_t segment_end_ = 0;
};

} // namespace

std::string backup_name(timestamp at) {
    std::string text = to_rfc3339(at).substr(0, 23); // 2025-07-15T09:20:05.123
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return "vanthu-" + text + "Z";
}

void remove_unfinished_backups(file_system& files, const fs::path& directory) {
    auto names = files.list(directory);
    if (!names) return;
    const std::string_view keep[] = {begun_name};
    for (const std::string& name : *names) {
        const fs::path at = directory / name;
        if (!files.exists(at / begun_name) || files.exists(at / whole_name)) continue;
        auto abandoned = files.lock_file(at / begun_name);
        if (!abandoned || was_completed(files, at) || !clear_directory(files, at, keep)) continue;
        (void)files.remove_tree(at);
    }
}

result<backup_progress> write_backup(const backup_source& from, const fs::path& target) {
    return writer(from, target).run();
}

result<backup_identity> read_backup(file_system& files, const fs::path& backup) {
    if (!files.exists(backup / whole_name)) return failed(errc::not_a_backup, backup.string());
    VANTHU_TRY(std::string text, read_small_file(files, backup / whole_name));
    if (!text.starts_with("vanthu backup\n")) return failed(errc::not_a_backup, (backup / whole_name).string());
    auto format = small_file::number(text, "format");
    if (format && *format > store::format)
        return failed(errc::newer_format, fmt::format("format {}, this program knows {}", *format, store::format));
    auto instance = small_file::field(text, "instance");
    auto created = small_file::number(text, "created_us"), group = small_file::number(text, "group"),
         taken = small_file::number(text, "taken_us");
    if (!small_file::intact(text) || !format || *format <= 0 || !instance || !created || !group || *group < 0 || !taken)
        return failed(errc::backup_damaged, (backup / whole_name).string());
    return backup_identity{{static_cast<std::uint32_t>(*format), *instance, from_us(*created)},
                           static_cast<std::uint64_t>(*group),
                           from_us(*taken)};
}

} // namespace vanthu::ledger
