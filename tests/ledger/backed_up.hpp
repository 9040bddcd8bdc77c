// A store with something in it, its backup, and what a restore of that must hold.
#pragma once

#include "daemon/ledger/restore.hpp"
#include "tests/ledger/at_every_operation.hpp"

namespace vanthu::ledger::test {

inline constexpr const char* target = "/disk/backup";
inline result<backup_progress> back_up(machine& m, const char* to = target) { return m.running->back_up(to, nullptr); }

// The backup's store, opened and held against what callers were told before the backup began.
inline void restored_holds(machine& m, const memory& told, std::uint64_t at) {
    const std::string real = std::exchange(m.directory, "/disk/restored");
    auto former = std::move(m.running);
    auto begun = begin_restore(target, m.options());
    must(begun, at);
    BOOST_TEST(is(m.start(), errc::restore_unfinished));
    must(end_restore(m.options()), at);
    must(m.start(), at);
    BOOST_TEST(m.running->instance_id() == begun->instance);
    BOOST_TEST(begun->instance != begun->former_instance);
    BOOST_TEST(m.running->recovery().closed_cleanly);
    BOOST_TEST(!m.running->recovery().torn_tail_dropped);
    BOOST_TEST(m.running->recovery().last_group == begun->group);
    must_hold(m, told, at);
    memory more = told;
    must(accept_one(*m.running, more, 2000), at);
    must_hold(m, more, at);
    m.stop();
    must(m.files->remove_tree("/disk/restored"), at);
    m.directory = real;
    m.running = std::move(former);
}

struct prepared {
    machine m;
    memory told;
    prepared() {
        must(m.start());
        run_scenario(m, told);
    }
};

} // namespace vanthu::ledger::test
