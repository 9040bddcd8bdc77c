// The power goes at every single operation of a run, with three kinds of disk; and every operation is refused once.
#include "tests/ledger/at_every_operation.hpp"

#include <iostream>

using namespace vanthu;
using namespace vanthu::ledger;
using namespace vanthu::ledger::test;

namespace {
std::uint64_t operations_of_a_run() {
    machine m;
    memory told;
    must(m.start(), 0);
    run_scenario(m, told);
    m.stop();
    must(m.start(), 0);
    must_hold(m, told, 0);
    return m.on.operations();
}

void run_until_refused(machine& m, memory& told) {
    if (!m.start()) return;
    run_scenario(m, told);
    m.stop();
}

void power_cut_at_every_operation(remains left) {
    std::uint64_t last = operations_of_a_run(), torn = 0, reclaimed = 0;
    for (std::uint64_t at = 1; at <= last; at += stride) {
        machine m;
        memory told;
        m.on.refuse_at(at, refusal::power_cut);
        run_until_refused(m, told);
        m.stop();
        m.on.power_on(left, at);
        if (at % 3 == 0) { // the power goes a second time, while the store recovers
            m.on.refuse_at(1 + at % 41, refusal::power_cut);
            (void)m.start();
            m.stop();
            m.on.power_on(left, at + 1);
        }
        must(m.start(), at);
        must_hold(m, told, at);
        torn += m.running->recovery().torn_tail_dropped;
        reclaimed += m.running->recovery().payload_bytes_reclaimed + m.running->recovery().files_removed;
        must(accept_one(*m.running, told, 1000), at);
        must_hold(m, told, at);
    }
    std::cout << last << " cuts, " << torn << " torn tails, " << reclaimed << " bytes or files reclaimed\n";
    if (left == remains::in_order && stride == 1) BOOST_TEST(torn > 0u);
    BOOST_TEST(reclaimed > 0u);
}
} // namespace

BOOST_AUTO_TEST_CASE(acknowledged_changes_survive_a_power_cut_that_loses_everything_unsynced) {
    power_cut_at_every_operation(remains::nothing);
}
BOOST_AUTO_TEST_CASE(acknowledged_changes_survive_a_power_cut_that_tears_the_last_write) {
    power_cut_at_every_operation(remains::in_order);
}
BOOST_AUTO_TEST_CASE(acknowledged_changes_survive_a_power_cut_on_a_disk_that_reorders) {
    power_cut_at_every_operation(remains::at_random);
}

BOOST_AUTO_TEST_CASE(a_full_disk_at_any_operation_is_a_refusal_and_the_store_goes_on) {
    std::uint64_t last = operations_of_a_run();
    for (std::uint64_t at = 1; at <= last; at += stride) {
        machine m;
        memory told;
        m.on.refuse_at(at, refusal::no_space);
        if (auto started = m.start(); !started) {
            BOOST_REQUIRE_MESSAGE(started.error().code == errc::no_space,
                                  "at " << at << ": " << started.error().detail);
            must(m.start(), at);
        }
        run_scenario(m, told);
        BOOST_REQUIRE_MESSAGE(!m.fatal, "at " << at << ": " << m.fatal.value_or(failure()).detail);
        if (!accept_one(*m.running, told, 1000))
            must(accept_one(*m.running, told, 1001), at); // it may strike as late as here
        must_hold(m, told, at);
        m.on.refuse_at(m.on.operations() + 1, refusal::power_cut); // and the power goes right after
        m.stop();
        m.on.power_on(remains::nothing, at);
        must(m.start(), at);
        must_hold(m, told, at);
    }
}

// RocksDB does not go on in the same process once it found no room for a new log. Where the disk says that it is full,
// it is not driven there: a refusal is all. Where it does not say so (a quota), the store ends, as after any failed
// write.
namespace {
void a_disk_that_stays_full(bool says_so) {
    std::uint64_t last = operations_of_a_run(), refused = 0, ended = 0;
    for (std::uint64_t at = 1; at <= last; at += stride) {
        machine m;
        memory told;
        const std::uint64_t plenty = m.on.free_bytes();
        m.on.refuse_at(at, refusal::no_space, disk::for_good);
        if (auto started = m.start(); !started)
            BOOST_REQUIRE_MESSAGE(started.error().code == errc::no_space,
                                  "at " << at << ": " << started.error().detail);
        if (m.running) {
            if (says_so) m.on.set_free_bytes(4096);
            run_scenario(m, told);
            for (unsigned n = 1000; n < 1003; ++n) refused += !accept_one(*m.running, told, n);
            if (says_so) BOOST_REQUIRE_MESSAGE(!m.fatal, "at " << at << ": " << m.fatal.value_or(failure()).detail);
        }
        m.on.refuse_at(0, refusal::none); // somebody has made room
        m.on.set_free_bytes(plenty);
        if (m.running)
            if (auto first = accept_one(*m.running, told, 1010); !first) {
                ++ended;
                BOOST_REQUIRE_MESSAGE(!says_so && m.fatal, "at " << at << ": " << first.error().detail);
                m.stop(); // as the daemon does, and its supervisor starts it again
            }
        if (!m.running) must(m.start(), at);
        must(accept_one(*m.running, told, 1011), at);
        must_hold(m, told, at);
        m.on.refuse_at(1, refusal::power_cut);
        m.stop();
        m.on.power_on(remains::in_order, at);
        must(m.start(), at);
        must_hold(m, told, at);
    }
    std::cout << refused << " refusals, " << ended << " of " << last << " stores were started again\n";
    BOOST_TEST(refused > 0u);
    if (!says_so) BOOST_TEST(ended > 0u);
}
} // namespace

BOOST_AUTO_TEST_CASE(a_disk_that_stays_full_refuses_and_takes_again_when_there_is_space) {
    a_disk_that_stays_full(true);
}
BOOST_AUTO_TEST_CASE(a_full_disk_that_says_it_has_space_never_leaves_a_store_that_refuses_for_ever) {
    a_disk_that_stays_full(false);
}

// Full from some operation on, and killed in that state: what it recovers on is as full.
BOOST_AUTO_TEST_CASE(a_store_killed_on_a_full_disk_recovers_when_there_is_space) {
    std::uint64_t last = operations_of_a_run();
    for (std::uint64_t at = 1; at <= last; at += stride) {
        machine m;
        memory told;
        m.on.refuse_at(at, refusal::no_space, disk::for_good);
        if (m.start()) run_scenario(m, told);
        m.on.refuse_at(1, refusal::power_cut);
        m.stop();
        m.on.power_on(remains::at_random, at);
        m.on.refuse_at(1, refusal::no_space, disk::for_good);
        if (auto started = m.start(); !started)
            BOOST_REQUIRE_MESSAGE(started.error().code == errc::no_space,
                                  "at " << at << ": " << started.error().detail);
        m.stop();
        m.on.refuse_at(0, refusal::none);
        must(m.start(), at);
        must_hold(m, told, at);
        must(accept_one(*m.running, told, 1000), at);
        must_hold(m, told, at);
    }
}

BOOST_AUTO_TEST_CASE(a_disk_that_dies_at_any_operation_ends_the_store_and_loses_nothing) {
    std::uint64_t last = operations_of_a_run();
    for (std::uint64_t at = 1; at <= last; at += stride) {
        machine m;
        memory told;
        m.on.refuse_at(at, refusal::io_error, disk::for_good);
        if (m.start()) {
            run_scenario(m, told);
            (void)accept_one(*m.running, told, 1000); // it may strike behind the answer, or only at the end
            if (m.on.refused()) {
                BOOST_REQUIRE_MESSAGE(!accept_one(*m.running, told, 1001), "at " << at);
                BOOST_REQUIRE_MESSAGE(m.fatal, "at " << at);
            }
        }
        m.stop();
        m.on.refuse_at(1, refusal::power_cut);
        m.on.power_on(remains::at_random, at);
        must(m.start(), at);
        must_hold(m, told, at);
    }
}

BOOST_AUTO_TEST_CASE(an_io_error_at_any_operation_ends_the_store_or_changes_nothing) {
    std::uint64_t last = operations_of_a_run(), ended = 0;
    for (std::uint64_t at = 1; at <= last; at += stride) {
        machine m;
        memory told;
        m.on.refuse_at(at, refusal::io_error);
        if (!m.start()) must(m.start(), at);
        run_scenario(m, told);
        auto next = accept_one(*m.running, told, 1000);
        if (!next) {
            ++ended;
            auto again = m.running->commit_and_wait([](transaction&) -> result<> { return {}; });
            BOOST_REQUIRE(!again);
            BOOST_REQUIRE((again.error().code == errc::stopped || again.error().code == errc::write_failed));
            BOOST_REQUIRE(!m.running->commit_and_wait([](transaction&) -> result<> { return {}; }));
            BOOST_REQUIRE_MESSAGE(m.fatal, "at " << at);
        }
        m.stop();
        for (int round = 0; round < 2; ++round) { // as a restart of the process, then as a restart of the machine
            if (!m.start()) must(m.start(), at);  // it may strike as late as here
            must_hold(m, told, at);
            m.on.refuse_at(1, refusal::power_cut);
            m.stop();
            m.on.power_on(remains::nothing, at);
        }
    }
    BOOST_TEST(ended > 0u);
}
