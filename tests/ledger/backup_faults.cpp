// The power goes, the disk fills and writes fail at every operation of a backup; the first two at every one of a restore.
#include "tests/ledger/backed_up.hpp"

#include <iostream>

using namespace vanthu;
using namespace vanthu::ledger;
using namespace vanthu::ledger::test;

namespace {
// Operations of one backup; a fresh store each time, so that they come in the same order.
std::uint64_t operations_of_a_backup() {
    prepared p;
    const auto before = p.m.on.operations();
    must(back_up(p.m));
    return p.m.on.operations() - before;
}

void power_cut_in_a_backup(remains left) {
    const std::uint64_t last = operations_of_a_backup();
    std::uint64_t whole = 0;
    for (std::uint64_t at = 1; at <= last + 3; at += at + stride < last ? stride : 1) { // the end in full
        prepared p;
        p.m.on.refuse_at(at, refusal::power_cut);
        const bool made = back_up(p.m).has_value();
        p.m.on.refuse_at(1, refusal::power_cut);
        p.m.stop();
        p.m.on.power_on(left, at);
        must(p.m.start(), at);
        must_hold(p.m, p.told, at);
        const bool there = p.m.files->exists("/disk/backup/BACKUP");
        BOOST_REQUIRE_MESSAGE(there || !made, "at " << at << ": a backup that was answered for is gone");
        whole += there;
        if (!there) {
            p.m.directory = "/disk/restored";
            BOOST_TEST(is(begin_restore(target, p.m.options()), errc::not_a_backup));
            p.m.directory = "/disk/store";
            must(back_up(p.m), at); // in its place
        }
        restored_holds(p.m, p.told, at);
    }
    std::cout << last << " cuts, " << whole << " whole backups\n";
    BOOST_TEST(whole > 0u);
}

void refusal_in_a_backup(refusal kind, errc code) {
    const std::uint64_t last = operations_of_a_backup();
    std::uint64_t refused = 0, ended = 0;
    for (std::uint64_t at = 1; at <= last; at += stride) {
        prepared p;
        p.m.on.refuse_at(at, kind);
        auto made = back_up(p.m);
        // Not every backup has as many operations: the row database removes files when it likes.
        p.m.on.refuse_at(1, refusal::none);
        const memory then = p.told;
        if (!made) {
            ++refused;
            BOOST_REQUIRE_MESSAGE(!p.m.files->exists(target), "at " << at);
        }
        // What failed was the store's own (its log, or work it does by itself beside the backup): final, as ever.
        if (is(made, errc::write_failed) || p.m.fatal) {
            ++ended;
            BOOST_TEST(!accept_one(*p.m.running, p.told, 1000));
            p.m.stop();
            must(p.m.start(), at);
            must_hold(p.m, p.told, at);
            continue;
        }
        BOOST_REQUIRE_MESSAGE((made || made.error().code == code), "at " << at << ": " << made.error().detail);
        BOOST_REQUIRE_MESSAGE(!p.m.fatal, "at " << at);
        must(accept_one(*p.m.running, p.told, 1000), at);
        must_hold(p.m, p.told, at);
        if (!made) must(back_up(p.m), at);
        restored_holds(p.m, made ? then : p.told, at);
    }
    BOOST_TEST(ended <= 1u);
    BOOST_TEST(refused > last / stride / 4);
}

// A machine with a backup of its store, stopped; to be restored into another directory.
void make_ready_to_restore(machine& m, memory& told) {
    must(m.start());
    run_scenario(m, told);
    must(back_up(m));
    m.stop();
    m.directory = "/disk/restored";
}
} // namespace

BOOST_AUTO_TEST_CASE(a_power_cut_that_loses_everything_unsynced_leaves_the_store_and_no_half_backup) {
    power_cut_in_a_backup(remains::nothing);
}
BOOST_AUTO_TEST_CASE(a_power_cut_that_tears_the_last_write_leaves_the_store_and_no_half_backup) {
    power_cut_in_a_backup(remains::in_order);
}
BOOST_AUTO_TEST_CASE(a_power_cut_on_a_disk_that_reorders_leaves_the_store_and_no_half_backup) {
    power_cut_in_a_backup(remains::at_random);
}
BOOST_AUTO_TEST_CASE(a_full_disk_under_a_backup_is_the_backups_refusal_only) {
    refusal_in_a_backup(refusal::no_space, errc::backup_no_space);
}
BOOST_AUTO_TEST_CASE(an_io_error_under_a_backup_is_the_backups_refusal_only) {
    refusal_in_a_backup(refusal::io_error, errc::backup_failed);
}

BOOST_AUTO_TEST_CASE(a_restore_that_did_not_end_is_no_store_and_is_done_again) {
    machine from;
    memory told;
    make_ready_to_restore(from, told);
    std::uint64_t last = 0;
    {
        machine m(from);
        m.directory = from.directory;
        const auto before = m.on.operations();
        must(begin_restore(target, m.options()));
        must(end_restore(m.options()));
        last = m.on.operations() - before;
    }
    for (std::uint64_t at = 1; at <= last; at += stride) {
        machine m(from);
        m.directory = from.directory;
        m.on.refuse_at(at, refusal::power_cut);
        const bool done = begin_restore(target, m.options()) && end_restore(m.options());
        m.on.power_on(remains::at_random, at);
        if (!done && m.files->exists("/disk/restored/RESTORING")) {
            BOOST_TEST(is(m.start(), errc::restore_unfinished));
            m.stop();
        }
        if (m.files->exists("/disk/restored/RESTORING") || !m.files->exists("/disk/restored/STORE")) {
            must(begin_restore(target, m.options()), at);
            must(end_restore(m.options()), at);
        }
        must(m.start(), at);
        must_hold(m, told, at);
    }
}

BOOST_AUTO_TEST_CASE(a_full_disk_under_a_restore_is_a_refusal_and_it_is_done_again) {
    machine from;
    memory told;
    make_ready_to_restore(from, told);
    std::uint64_t refused = 0;
    for (std::uint64_t at = 1;; at += stride) {
        machine m(from);
        m.directory = from.directory;
        m.on.refuse_at(at, refusal::no_space, disk::for_good);
        auto begun = begin_restore(target, m.options());
        const bool done = begun && end_restore(m.options());
        m.on.refuse_at(1, refusal::none);
        if (done) break;
        ++refused;
        if (!begun) BOOST_TEST(is(begun, errc::no_space), "at " << at << ": " << begun.error().detail);
        if (m.files->exists("/disk/restored/RESTORING")) BOOST_TEST(is(m.start(), errc::restore_unfinished));
        m.stop();
        must(begin_restore(target, m.options()), at);
        must(end_restore(m.options()), at);
        must(m.start(), at);
        must_hold(m, told, at);
    }
    BOOST_TEST(refused > 0u);
}
