// The power goes at every single operation of a run, with three kinds of disk; and every operation is refused once.
#include "tests/ledger/scenario.hpp"

#include <boost/test/unit_test.hpp>
#include <iostream>

using namespace vanthu;
using namespace vanthu::ledger;
using namespace vanthu::ledger::test;

namespace {
#ifdef VANTHU_UNDER_ASAN
constexpr std::uint64_t stride = 9; // a sample: the whole run is the plain build's
#else
constexpr std::uint64_t stride = 1;
#endif

void must(const result<>& r, std::uint64_t at) {
    BOOST_REQUIRE_MESSAGE(r, "at " << at << ": " << (r ? "" : r.error().code.message() + " " + r.error().detail));
}
void must_hold(machine& m, const memory& told, std::uint64_t at) {
    auto broken = broken_promise(m, told);
    BOOST_REQUIRE_MESSAGE(broken.empty(), "at " << at << ": " << broken);
}

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
