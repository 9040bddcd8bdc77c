// A backup is a whole state of the store, taken while it works; whatever stops it leaves the store alone and nothing
// behind that passes for a backup.
#include "daemon/ledger/keys.hpp"
#include "daemon/ledger/rows.hpp"
#include "daemon/upkeep/bytes_at_rest.hpp"
#include "tests/ledger/backed_up.hpp"
#include "tests/support/temporary_directory.hpp"

#include <atomic>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <sys/stat.h>
#include <thread>

using namespace vanthu;
using namespace vanthu::ledger;
using namespace vanthu::ledger::test;
namespace fs = std::filesystem;

namespace {
#ifdef VANTHU_UNDER_ASAN
constexpr int rounds = 2;
#else
constexpr int rounds = 6;
#endif
} // namespace

BOOST_AUTO_TEST_CASE(a_backup_holds_every_acknowledged_change_and_becomes_a_store_with_an_id_of_its_own) {
    prepared p;
    auto made = back_up(p.m);
    must(made);
    BOOST_TEST(made->group >= 5u); // of the scenario; a slow committer makes more groups of it
    const memory then = p.told;
    for (unsigned n = 1000; n < 1005; ++n) must(accept_one(*p.m.running, p.told, n));
    restored_holds(p.m, then, 0);
    must_hold(p.m, p.told, 0);
    p.m.stop();
    must(p.m.start());
    must_hold(p.m, p.told, 0);
}

BOOST_AUTO_TEST_CASE(no_daemon_runs_on_a_backup) {
    prepared p;
    must(back_up(p.m));
    p.m.stop();
    p.m.directory = target;
    BOOST_TEST(is(p.m.start(), errc::foreign_directory));
}

BOOST_AUTO_TEST_CASE(a_backup_never_replaces_anything_and_never_lies_in_the_store) {
    prepared p;
    must(back_up(p.m));
    const auto files = p.m.on.files_below("/disk").size();
    BOOST_TEST(is(back_up(p.m), errc::backup_target_taken));
    BOOST_TEST(is(back_up(p.m, "/disk/store"), errc::backup_target_taken));
    BOOST_TEST(is(back_up(p.m, "/disk/store/rows/backup"), errc::backup_target_taken));
    BOOST_TEST(is(back_up(p.m, "/disk/other/../store/b"), errc::backup_target_taken));
    BOOST_TEST(is(back_up(p.m, "/disk/store/rows"), errc::backup_target_taken));
    // Nor in another backup, which would no longer be what it says it is.
    for (const char* inner : {"/inner", "/files/inner", "/rows/deeper/inner"}) {
        const std::string place = std::string(target) + inner;
        auto refused = back_up(p.m, place.c_str());
        BOOST_TEST(is(refused, errc::backup_target_taken));
        if (!refused) BOOST_TEST(refused.error().detail.find("lies inside") != std::string::npos);
    }
    BOOST_TEST(p.m.on.files_below("/disk").size() == files);
    must(back_up(p.m, "/disk/store-2")); // a name that only begins like the store's
    // Nor is a directory one of ours by its name.
    must(p.m.files->create_directory("/disk/BACKUP"));
    must(p.m.files->create_directory("/disk/STORE"));
    must(back_up(p.m, "/disk/BACKUP/b"));
    must(back_up(p.m, "/disk/STORE/b"));
}

BOOST_AUTO_TEST_CASE(what_an_unfinished_backup_left_goes_with_the_next_one_and_nothing_else_does) {
    vanthu::test::temporary_directory f;
    store_options options;
    options.directory = f / "store";
    auto s = store::open(options).value();
    const fs::path backups = f / "backups";
    auto put = [&](const fs::path& at) {
        fs::create_directories((backups / at).parent_path());
        std::ofstream(backups / at) << "x";
    };
    fs::create_directories(backups);
    must(s->back_up(backups / "whole", nullptr));
    put("left/BACKUP.new");
    put("left/rows/000001.log");
    put("somebodys/letters.txt");
    put("file");
    bool written_one_stays = false, second_refused = false;
    must(s->back_up(backups / "being-written", [&](const backup_progress&) {
        remove_unfinished_backups(real_file_system(), backups);
        written_one_stays = fs::exists(backups / "being-written" / "rows");
        store_options other;
        other.directory = f / "other";
        auto o = store::open(other).value();
        if (!fs::exists(backups / "being-written" / "BACKUP"))
            second_refused =
                second_refused || is(o->back_up(backups / "being-written", nullptr), errc::backup_target_taken);
    }));
    BOOST_TEST(written_one_stays);
    BOOST_TEST(second_refused);
    BOOST_TEST(!fs::exists(backups / "left"));
    for (const char* stays : {"whole/BACKUP", "being-written/BACKUP", "somebodys/letters.txt", "file"})
        BOOST_TEST(fs::exists(backups / stays), stays);
    remove_unfinished_backups(real_file_system(), f / "missing");
}

// Another writer completes its backup just before somebody locks what it had begun.
struct completed_before_the_lock final : file_system {
    file_system& real = real_file_system();
    result<std::unique_ptr<file>> open(const fs::path& p, open_mode m) override { return real.open(p, m); }
    result<> rename(const fs::path& from, const fs::path& to) override { return real.rename(from, to); }
    result<> unlink(const fs::path& p) override { return real.unlink(p); }
    result<> create_directory(const fs::path& p) override { return real.create_directory(p); }
    result<> remove_tree(const fs::path& p) override { return real.remove_tree(p); }
    result<> fsync_directory(const fs::path& p) override { return real.fsync_directory(p); }
    result<std::vector<std::string>> list(const fs::path& p) override { return real.list(p); }
    bool exists(const fs::path& p) override { return real.exists(p); }
    result<std::uint64_t> free_bytes(const fs::path& p) override { return real.free_bytes(p); }
    result<std::unique_ptr<lock>> lock_file(const fs::path& p) override {
        if (p.filename() == "BACKUP.new") fs::rename(p, p.parent_path() / "BACKUP");
        return real.lock_file(p);
    }
};

BOOST_AUTO_TEST_CASE(a_backup_that_another_writer_completes_meanwhile_is_left_whole) {
    vanthu::test::temporary_directory f;
    completed_before_the_lock files;
    auto begun = [&](const char* name) {
        fs::create_directories(f / "backups" / name / "rows");
        std::ofstream(f / "backups" / name / "rows" / "000001.log") << "x";
        std::ofstream(f / "backups" / name / "BACKUP.new") << "x";
    };
    auto whole = [&](const char* name) {
        const fs::path at = f / "backups" / name;
        return fs::exists(at / "BACKUP") && fs::exists(at / "rows" / "000001.log") && !fs::exists(at / "BACKUP.new");
    };
    begun("one");
    remove_unfinished_backups(files, f / "backups");
    BOOST_TEST(whole("one"));
    begun("two");
    store_options options;
    options.directory = f / "store";
    options.files = &files;
    auto s = store::open(options).value();
    BOOST_TEST(is(s->back_up(f / "backups" / "two", nullptr), errc::backup_target_taken));
    BOOST_TEST(whole("two"));
}

BOOST_AUTO_TEST_CASE(a_backup_leaves_the_configured_space_free) {
    prepared p;
    p.m.stop();
    auto options = p.m.options();
    options.payloads.minimum_free_bytes = 1u << 20;
    p.m.running = store::open(std::move(options)).value();
    p.m.on.set_free_bytes((1u << 20) + 1000);
    BOOST_TEST(is(back_up(p.m), errc::backup_no_space));
    BOOST_TEST(!p.m.files->exists(target));
    p.m.on.set_free_bytes(std::uint64_t(1) << 40);
    must(back_up(p.m));
}

BOOST_AUTO_TEST_CASE(a_damaged_payload_of_the_store_is_found_by_the_backup) {
    prepared p;
    auto path = p.m.on.files_below("/disk/store/segments").front();
    p.m.on.overwrite(path, 200, '!'); // released: nobody's
    bool damaged = false;
    for (std::uint64_t at = 200; at < p.m.on.content(path).size(); at += 4096) p.m.on.overwrite(path, at, '!');
    auto made = back_up(p.m);
    damaged = is(made, errc::payload_damaged);
    BOOST_TEST(damaged);
    BOOST_TEST(!p.m.files->exists(target));
}

BOOST_AUTO_TEST_CASE(a_closing_store_does_not_wait_for_a_backup_to_copy_everything) {
    prepared p;
    p.m.running->stop_backup();
    BOOST_TEST(is(back_up(p.m), errc::closed));
    BOOST_TEST(!p.m.files->exists(target));
}

BOOST_AUTO_TEST_CASE(what_is_no_whole_backup_is_not_restored) {
    prepared p;
    must(back_up(p.m));
    p.m.stop();
    auto restore = [](machine& m) {
        m.directory = "/disk/restored";
        return begin_restore(target, m.options());
    };
    auto with = [&](auto damage) {
        machine other(p.m);
        damage(other.on);
        return restore(other);
    };
    BOOST_TEST(is(with([](disk& d) { d.remove("/disk/backup/BACKUP"); }), errc::not_a_backup));
    const std::string text = p.m.on.content("/disk/backup/BACKUP");
    auto flip = [&](std::string_view line, char c) {
        return with([&](disk& d) { d.overwrite("/disk/backup/BACKUP", text.find(line) + line.size(), c); });
    };
    BOOST_TEST(is(flip("format ", '9'), errc::newer_format));
    BOOST_TEST(is(flip("group ", '4'), errc::backup_damaged));
    BOOST_TEST(is(flip("instance ", 'z'), errc::backup_damaged));
    for (const auto& path : p.m.on.files_below("/disk/backup/rows")) {
        if (!path.ends_with(".sst") && !path.contains("MANIFEST") && !path.ends_with("CURRENT")) continue;
        BOOST_TEST(is(with([&](disk& d) { d.remove(path); }), errc::backup_damaged), path);
    }
    auto opened_without = [&](const std::string& path) {
        machine other(p.m);
        other.on.remove(path);
        auto begun = restore(other);
        if (!begun) return begun.error().code;
        auto options = other.options();
        options.restoring = true;
        auto opened = store::open(std::move(options));
        if (!opened) return opened.error().code;
        std::error_code bad;
        (void)(*opened)->scrub([&](const payload_ref&, const result<>& r) {
            if (!r) bad = r.error().code;
        });
        return bad;
    };
    for (const char* part : {"/disk/backup/segments", "/disk/backup/files"})
        for (const auto& path : p.m.on.files_below(part))
            BOOST_TEST(opened_without(path) == make_error_code(errc::payload_missing), path);
}

BOOST_AUTO_TEST_CASE(a_restore_never_touches_a_store_that_is_there) {
    prepared p;
    must(back_up(p.m));
    must(accept_one(*p.m.running, p.told, 1000));
    BOOST_TEST(is(begin_restore(target, p.m.options()), errc::restore_target_taken));
    p.m.stop();
    BOOST_TEST(is(begin_restore(target, p.m.options()), errc::restore_target_taken));
    must(p.m.start());
    must_hold(p.m, p.told, 0);
}

// Committers and releasers at full speed on a real file system; what was acknowledged before a backup began and not
// released before it ended is in it, and what is in it reads, and nothing else stands beside it.
BOOST_AUTO_TEST_CASE(backups_under_load_hold_what_was_acknowledged_and_nothing_unowned) {
    vanthu::test::temporary_directory f;
    store_options options;
    options.directory = f / "store";
    options.payloads.sizes = {2000, 40000};
    options.payloads.segment_length = 1u << 20;
    auto s = store::open(options).value();
    constexpr std::string_view owner = "000.00.00.G22";
    auto key = [&](unsigned n) { return row_key(owner, 'D').u32(n).take(); };
    static constexpr std::size_t sizes[] = {500, 9000, 30000, 90000};
    auto content = [&](unsigned n) { return bytes(sizes[n % 4], std::uint8_t(n * 37 + 1)); };

    std::mutex guard;
    std::map<unsigned, payload_ref> there; // acknowledged, no release asked
    std::atomic<bool> stop = false;
    std::atomic<unsigned> next = 0;
    std::vector<std::thread> workers;
    for (unsigned w = 0; w < 4; ++w)
        workers.emplace_back([&, w] {
            std::mt19937 dice(w);
            while (!stop) {
                const unsigned n = next++;
                auto payload = s->payloads().put(owner, content(n)).value();
                auto put = [&](transaction& t) -> result<> {
                    VANTHU_CHECK(t.adopt(payload));
                    t.put(key(n), payload.ref.encode());
                    return {};
                };
                if (!s->commit_and_wait(put)) std::abort();
                std::optional<std::pair<unsigned, payload_ref>> gone;
                {
                    std::lock_guard lock(guard);
                    there.emplace(n, payload.ref);
                    if (there.size() > 100) {
                        auto at = std::next(there.begin(), dice() % there.size());
                        gone = *at;
                        there.erase(at);
                    }
                }
                if (!gone) continue;
                auto release = [&](transaction& t) -> result<> {
                    VANTHU_CHECK(t.release(gone->second));
                    t.erase(key(gone->first));
                    return {};
                };
                if (!s->commit_and_wait(release)) std::abort();
            }
        });
    std::size_t most = 0;
    for (int round = 0; round < rounds; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100 + 37 * round)); // some more documents
        std::map<unsigned, payload_ref> before, after;
        {
            std::lock_guard lock(guard);
            before = there;
        }
        const fs::path to = f / fmt::format("backup-{}", round);
        auto made = s->back_up(to, nullptr);
        must(made, std::uint64_t(round));
        {
            std::lock_guard lock(guard);
            after = there;
        }
        store_options copy = options;
        copy.directory = f / fmt::format("restored-{}", round);
        must(begin_restore(to, copy));
        must(end_restore(copy));
        const upkeep::bytes_at_rest bytes_there = upkeep::look(copy.directory);
        copy.create = false;
        auto opened = store::open(copy);
        must(opened);
        for (const auto& [n, ref] : before)
            if (after.contains(n)) {
                auto row = (*opened)->committed().get(key(n));
                BOOST_REQUIRE((row && *row && **row == ref.encode()));
            }
        std::size_t payloads = 0, files = 0;
        std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> extents;
        must((*opened)->scrub([&](const payload_ref& ref, const result<>& good) {
            must(good);
            ++payloads;
            files += ref.kind == payload_kind::file;
            if (ref.kind == payload_kind::segment)
                extents[{ref.segment, ref.offset}] = (ref.offset + ref.stored_length + 4095) / 4096 * 4096;
        }));
        must((*opened)->committed().scan(row_key(owner, 'D').take(), "", [&](std::string_view, std::string_view value) {
            auto ref = payload_ref::decode(value).value();
            auto read = (*opened)->payloads().read(ref);
            BOOST_REQUIRE(read);
            --payloads;
            return true;
        }));
        BOOST_TEST(payloads == 0u); // one for each document and no other
        BOOST_TEST(bytes_there.files.size() == files);
        for (const auto& stretch : bytes_there.data) {
            std::uint64_t at = stretch.begin;
            while (at < stretch.end) {
                auto e = extents.find({stretch.segment, at});
                BOOST_REQUIRE_MESSAGE(e != extents.end(), "bytes of nobody in segment " << stretch.segment);
                at = e->second;
            }
        }
        most = std::max(most, files);
        (*opened)->close();
        fs::remove_all(copy.directory);
        fs::remove_all(to);
    }
    stop = true;
    for (auto& w : workers) w.join();
    BOOST_TEST(most > 0u);
    // What was held back has gone: nothing stands beside what is committed, without a sweep.
    s.reset();
    std::size_t files = 0;
    s = store::open(options).value();
    must(s->scrub([&](const payload_ref& ref, const result<>& good) {
        must(good);
        files += ref.kind == payload_kind::file;
    }));
    BOOST_TEST(s->recovery().closed_cleanly);
    BOOST_TEST(upkeep::look(options.directory).files.size() == files);
}

BOOST_AUTO_TEST_CASE(one_backup_runs_at_a_time) {
    prepared p;
    std::atomic<bool> refused = false;
    auto first = p.m.running->back_up(target, [&](const backup_progress&) {
        refused = refused || is(p.m.running->back_up("/disk/second", nullptr), errc::backup_running);
    });
    must(first);
    BOOST_TEST(refused);
    must(back_up(p.m, "/disk/second"));
}

BOOST_AUTO_TEST_CASE(a_target_that_cannot_be_written_is_refused) {
    if (::geteuid() == 0) return; // root writes anywhere
    vanthu::test::temporary_directory f;
    store_options options;
    options.directory = f / "store";
    auto s = store::open(options).value();
    BOOST_REQUIRE(::mkdir((f / "closed").c_str(), 0500) == 0);
    BOOST_TEST(is(s->back_up(f / "closed" / "b", nullptr), errc::backup_failed));
    BOOST_TEST(is(s->back_up(f / "missing" / "b", nullptr), errc::backup_failed));
}
