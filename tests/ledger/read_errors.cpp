// Every single read of a run meets an input/output error: while the store opens, works and is looked through.
#include "tests/ledger/at_every_operation.hpp"

#include <iostream>

using namespace vanthu;
using namespace vanthu::ledger;
using namespace vanthu::ledger::test;

namespace {
// A store that was killed with something to recover: rows in the log and payloads that nothing refers to.
struct killed {
    machine m;
    memory told;
    killed() {
        BOOST_REQUIRE(m.start());
        run_scenario(m, told);
        m.stop(); // rows in tables
        BOOST_REQUIRE(m.start());
        run_scenario(m, told);
        m.on.refuse_at(1, refusal::power_cut);
        m.stop();
        m.on.power_on(remains::in_order, 1);
    }
};

// Never "damaged", which sends people for a backup. write_failed: of a database that does not open it is not known what
// failed; both ask to look at the disk.
bool is_coded(const failure& f) {
    return (f.code == errc::read_failed || f.code == errc::write_failed) &&
           f.detail.find("input/output error") != std::string::npos;
}

struct seen {
    unsigned starts_refused = 0, looks_refused = 0, ended = 0;
};
seen an_error_at_every_read(std::uint64_t lasting) {
    const killed before;
    std::uint64_t last = 0;
    {
        machine m(before.m);
        memory told = before.told;
        m.on.refuse_read_at(0);
        must(m.start(), 0);
        run_scenario(m, told);
        must_hold(m, told, 0, true);
        last = m.on.reads();
    }
    seen out;
    for (std::uint64_t at = 1; at <= last; at += stride) {
        machine m(before.m);
        memory told = before.told;
        m.on.refuse_read_at(at, lasting);
        if (auto started = m.start(); !started) {
            ++out.starts_refused;
            BOOST_REQUIRE_MESSAGE(is_coded(started.error()),
                                  "at " << at << ": " << started.error().code.message() << " "
                                        << started.error().detail);
            m.on.refuse_read_at(0);
            must(m.start(), at); // nothing was taken for the end of a log, nor dropped as damaged
        }
        run_scenario(m, told);
        if (auto broken = broken_promise(m, told, false); !broken.empty()) {
            ++out.looks_refused; // told, and never as something that is not there
            BOOST_REQUIRE_MESSAGE(m.on.refused() && broken.find("input/output error") != std::string::npos,
                                  "at " << at << ": " << broken);
        }
        m.on.refuse_read_at(0); // it reads again
        if (m.fatal) {
            ++out.ended;
            m.stop(); // as the daemon does, and its supervisor starts it again
            must(m.start(), at);
        }
        must_hold(m, told, at, false);
        must(accept_one(*m.running, told, 1000), at); // it takes the next one
        must_hold(m, told, at, false);
        m.on.refuse_at(1, refusal::power_cut);
        m.stop();
        m.on.power_on(remains::nothing, at);
        must(m.start(), at);
        must_hold(m, told, at, true);
    }
    std::cout << last << " reads: " << out.starts_refused << " starts and " << out.looks_refused << " looks refused, "
              << out.ended << " stores ended\n";
    return out;
}
} // namespace

BOOST_AUTO_TEST_CASE(an_io_error_at_any_read_is_a_coded_refusal_and_loses_nothing) {
    const seen s = an_error_at_every_read(1);
    BOOST_TEST(s.starts_refused > 0u);
    BOOST_TEST(s.looks_refused > 0u);
}
BOOST_AUTO_TEST_CASE(a_disk_that_reads_nothing_from_any_read_on_loses_nothing) {
    const seen s = an_error_at_every_read(disk::for_good);
    BOOST_TEST(s.starts_refused > 0u);
    BOOST_TEST(s.looks_refused > 0u);
}
