// The window and the breaker of one destination, with a made-up clock; and the table of faults.
#include "daemon/delivery/flow.hpp"
#include "daemon/delivery/transport.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace vanthu;
using namespace std::chrono_literals;
using delivery::fault;
using delivery::flow;
using delivery::flow_standing;

namespace {

struct destination {
    flow f{{.concurrency = 8, .first_window = 1, .failures_to_open = 3, .first_probe = 10s, .longest_probe = 60s}};
    std::int64_t now = 1'000'000'000;
    unsigned documents = 0;

    void later(std::chrono::microseconds by) { now += by.count(); }
    std::vector<flow::permit> begun() {
        std::vector<flow::permit> all;
        while (auto p = f.begin(now)) all.push_back(*p);
        return all;
    }
    std::size_t begin_all() { return begun().size(); }
    // One attempt of a document of its own, unless one is named.
    bool once(fault is, const std::string& code = "", std::string document = "",
              std::optional<std::chrono::seconds> retry_after = {}) {
        const auto permit = f.begin(now);
        if (!permit) return false;
        if (document.empty()) document = "d" + std::to_string(++documents);
        f.ended(*permit, now, is, code, document, retry_after, 0);
        return true;
    }
    flow_standing::stand stand() const { return f.standing(now).is; }
    void open() {
        while (!f.is_open()) BOOST_REQUIRE(once(fault::of_destination, "net.connect_refused"));
    }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(the_window_grows_with_answers_to_the_limit_and_halves_on_a_failure, destination) {
    for (unsigned expected : {1u, 2u, 4u, 8u, 8u}) {
        const auto running = begun();
        BOOST_TEST(running.size() == expected);
        for (const auto& p : running) f.ended(p, now, fault::none, "", "d", {}, 0);
    }
    BOOST_TEST(once(fault::unclear, "net.timed_out"));
    BOOST_TEST(begin_all() == 4u);
}

BOOST_FIXTURE_TEST_CASE(after_enough_failures_in_a_row_nothing_goes_but_one_probe_at_each_time_and_ever_later,
                        destination) {
    const std::int64_t began = now;
    later(1s);
    BOOST_TEST(once(fault::of_destination, "net.connect_refused"));
    const std::int64_t first_failed = now;
    later(1s);
    BOOST_TEST(once(fault::of_destination, "net.connect_refused"));
    BOOST_TEST(!f.is_open());
    BOOST_TEST(once(fault::of_destination, "net.tls_failed"));
    BOOST_TEST(f.is_open());
    BOOST_TEST(began < first_failed);
    flow_standing s = f.standing(now);
    BOOST_TEST((s.is == flow_standing::stand::open));
    BOOST_TEST(s.since == first_failed);
    BOOST_TEST(s.reason == "net.tls_failed");
    for (auto interval : {10s, 20s, 40s, 60s, 60s}) {
        BOOST_TEST(f.standing(now).next == now + std::chrono::microseconds(interval).count());
        BOOST_TEST(f.next(now) == f.standing(now).next);
        later(interval - 1s);
        BOOST_TEST(!f.begin(now));
        later(1s);
        const auto permit = f.begin(now);
        BOOST_REQUIRE(permit);
        BOOST_TEST(permit->probe);
        BOOST_TEST((stand() == flow_standing::stand::probing));
        BOOST_TEST(!f.begin(now)); // one
        BOOST_TEST(!f.ended(*permit, now, fault::of_destination, "net.connect_refused", "d", {}, 0));
        BOOST_TEST(f.standing(now).since == first_failed);
    }
    later(60s);
    const auto last = f.begin(now);
    BOOST_REQUIRE(last);
    BOOST_TEST(f.ended(*last, now, fault::none, "", "d", {}, 0));
    BOOST_TEST((stand() == flow_standing::stand::closed));
    BOOST_TEST(begin_all() == 1u); // and slowly again
}

BOOST_FIXTURE_TEST_CASE(an_answer_in_between_begins_the_count_anew, destination) {
    for (int i = 0; i < 10; ++i) {
        BOOST_TEST(once(fault::of_destination, "net.connect_refused"));
        BOOST_TEST(once(fault::of_destination, "net.connect_refused"));
        BOOST_TEST(once(i % 2 ? fault::permanent : fault::of_document, "x.y")); // a refusal is an answer too
    }
    BOOST_TEST(!f.is_open());
}

BOOST_FIXTURE_TEST_CASE(a_document_that_fails_again_and_again_does_not_open_it_and_several_do, destination) {
    for (int i = 0; i < 20; ++i) BOOST_TEST(once(fault::unclear, "net.connection_closed", "poison"));
    BOOST_TEST(!f.is_open());
    BOOST_TEST(once(fault::unclear, "net.connection_closed", "another"));
    BOOST_TEST(once(fault::unclear, "net.connection_closed", "a third"));
    BOOST_TEST(f.is_open());
}

BOOST_FIXTURE_TEST_CASE(retry_after_is_waited_for_by_all_and_a_clock_that_steps_back_adds_nothing, destination) {
    BOOST_TEST(once(fault::none));
    BOOST_TEST(once(fault::of_destination, "peer_link.too_many_transfers", "d", 120s));
    BOOST_TEST((stand() == flow_standing::stand::paused));
    BOOST_TEST(f.standing(now).next == now + 120'000'000);
    later(119s);
    BOOST_TEST(!f.begin(now));
    now -= 3600'000'000; // the clock steps back by an hour
    BOOST_TEST(!f.begin(now));
    BOOST_TEST(f.next(now) <= now + 120'000'000);
    later(120s + 3600s);
    BOOST_TEST(once(fault::none));
    BOOST_TEST((stand() == flow_standing::stand::closed));
}

BOOST_FIXTURE_TEST_CASE(retry_after_is_honoured_by_the_probes_too, destination) {
    open();
    later(10s);
    BOOST_TEST(once(fault::of_destination, "peer_link.too_many_transfers", "d", 300s));
    later(299s);
    BOOST_TEST(!f.begin(now));
    later(1s);
    BOOST_TEST(f.begin(now).has_value());
}

BOOST_FIXTURE_TEST_CASE(an_answer_to_an_earlier_attempt_closes_it_and_an_earlier_failure_changes_nothing, destination) {
    for (int i = 0; i < 4; ++i) BOOST_TEST(once(fault::none));
    BOOST_TEST(begin_all() == 5u);
    for (int i = 0; i < 3; ++i) f.ended({}, now, fault::of_destination, "net.unreachable", std::to_string(i), {}, 0);
    BOOST_TEST(f.is_open());
    const std::int64_t next = f.next(now);
    later(1s);
    f.ended({}, now, fault::of_destination, "net.unreachable", "late", {}, 0);
    BOOST_TEST(f.next(now) == next);
    BOOST_TEST(f.ended({}, now, fault::none, "", "later", {}, 0));
    BOOST_TEST(!f.is_open());
    BOOST_TEST(f.begin(now).has_value()); // at once
}

BOOST_FIXTURE_TEST_CASE(a_person_may_ask_for_a_probe_now_and_one_that_came_to_nothing_is_made_by_another, destination) {
    open();
    BOOST_TEST(!f.begin(now));
    f.probe_now();
    const auto probe = f.begin(now);
    BOOST_REQUIRE(probe);
    f.dropped(*probe);
    const auto again = f.begin(now);
    BOOST_REQUIRE(again);
    BOOST_TEST(again->probe);
}

BOOST_FIXTURE_TEST_CASE(what_fails_here_neither_opens_nor_closes_it_and_the_next_document_is_the_probe, destination) {
    for (int i = 0; i < 20; ++i) BOOST_TEST(once(fault::at_home, "ledger.no_space"));
    BOOST_TEST((stand() == flow_standing::stand::closed));
    open();
    later(10s);
    for (int i = 0; i < 3; ++i) { // nobody was asked, so that the probe is still to be made
        const auto permit = f.begin(now);
        BOOST_REQUIRE(permit);
        BOOST_TEST(permit->probe);
        BOOST_TEST(!f.ended(*permit, now, fault::at_home, "ledger.payload_missing", "d", {}, 0));
        BOOST_TEST(f.is_open());
    }
}

BOOST_FIXTURE_TEST_CASE(what_becomes_of_an_earlier_attempt_makes_no_second_probe_beside_the_one_that_runs,
                        destination) {
    for (int i = 0; i < 6; ++i) BOOST_TEST(once(fault::none));
    const auto earlier = begun();
    BOOST_REQUIRE(earlier.size() >= 5u);
    for (std::size_t i = 0; i < 3; ++i) f.ended(earlier[i], now, fault::of_destination, "net.unreachable", "d", {}, 0);
    BOOST_TEST(f.is_open());
    later(10s);
    const auto probe = f.begin(now);
    BOOST_REQUIRE(probe);
    f.dropped(earlier[3]);
    BOOST_TEST(!f.begin(now));
    f.ended(earlier[4], now, fault::of_destination, "net.unreachable", "d", {}, 0);
    BOOST_TEST((stand() == flow_standing::stand::probing));
    BOOST_TEST(!f.begin(now));
    f.ended(*probe, now, fault::of_destination, "net.unreachable", "d", {}, 0);
    BOOST_TEST(f.next(now) == now + 20'000'000); // one failed probe
}

BOOST_FIXTURE_TEST_CASE(a_destination_that_takes_no_documents_answers_and_one_document_at_a_time_asks_again,
                        destination) {
    auto document = [&](fault is, std::optional<std::chrono::seconds> retry_after = {}) {
        auto permit = f.begin(now);
        if (!permit) return false;
        const bool may = f.may_be_document(*permit, now);
        if (may)
            f.ended(*permit, now, is, is == fault::none ? "" : "intake.overloaded", "d", retry_after, 0);
        else
            f.dropped(*permit);
        return may;
    };
    BOOST_TEST(document(fault::no_documents));
    BOOST_TEST((stand() == flow_standing::stand::no_documents));
    for (int i = 0; i < 10; ++i) BOOST_TEST(once(fault::none)); // whatever else goes
    BOOST_TEST((stand() == flow_standing::stand::no_documents));
    for (auto interval : {10s, 20s, 40s, 60s, 60s}) {
        BOOST_TEST(f.documents_next(now) == now + std::chrono::microseconds(interval).count());
        BOOST_TEST(!document(fault::none));
        later(interval);
        auto first = f.begin(now), second = f.begin(now);
        BOOST_TEST(f.may_be_document(*first, now));
        BOOST_TEST(!f.may_be_document(*second, now)); // one
        f.dropped(*second);
        f.ended(*first, now, fault::no_documents, "intake.overloaded", "d", {}, 0);
    }
    BOOST_TEST(!f.is_open());
    later(60s);
    BOOST_TEST(document(fault::no_documents, 300s)); // as it asks
    later(299s);
    BOOST_TEST(!document(fault::none));
    now -= 3600'000'000; // a clock that steps back adds nothing
    BOOST_TEST(f.documents_next(now) <= now + 300'000'000);
    later(300s);
    BOOST_TEST(!f.takes_documents(now - 1'000'000'000'000));
    now += 3600'000'000;
    BOOST_TEST(document(fault::none));
    BOOST_TEST((stand() == flow_standing::stand::closed));
    BOOST_TEST(f.takes_documents(now));
}

BOOST_AUTO_TEST_CASE(waits_double_up_to_the_longest_and_chance_takes_up_to_a_half) {
    using delivery::backoff;
    BOOST_TEST(backoff(1, 30s, 1h, 0) == 30'000'000);
    BOOST_TEST(backoff(2, 30s, 1h, 0) == 60'000'000);
    BOOST_TEST(backoff(3, 30s, 1h, 1) == 60'000'000);
    BOOST_TEST(backoff(100, 30s, 1h, 0) == 3600'000'000);
    BOOST_TEST(backoff(100, 30s, 1h, 0.5) == 2700'000'000);
}

BOOST_AUTO_TEST_CASE(one_table_tells_permanent_from_transient_and_the_document_from_the_destination) {
    using delivery::fault_of;
    std::set<std::string_view> seen;
    for (const auto& row : delivery::fault_table()) {
        BOOST_TEST(seen.insert(row.code).second, row.code);
        BOOST_TEST((fault_of(row.code, 503, true) == row.is)); // a code of the table decides
    }
    BOOST_TEST((fault_of("x.y", 0, {}) == fault::unclear));
    BOOST_TEST((fault_of("x.y", 503, {}) == fault::of_destination));
    BOOST_TEST((fault_of("x.y", 429, true) == fault::of_destination));
    BOOST_TEST((fault_of("x.y", 500, {}) == fault::unclear));
    BOOST_TEST((fault_of("x.y", 500, false) == fault::permanent)); // what it says itself goes before the status
    BOOST_TEST((fault_of("x.y", 422, {}) == fault::permanent));
    BOOST_TEST((fault_of("x.y", 409, true) == fault::of_document));
    using delivery::outcome;
    BOOST_TEST((fault_of(outcome{.what = outcome::kind::delivered}) == fault::none));
    BOOST_TEST((fault_of(outcome{.what = outcome::kind::refused, .code = "net.timed_out"}) == fault::permanent));
    BOOST_TEST((fault_of(outcome{.code = "x.y", .status = 422, .at_greeting = true}) == fault::of_destination));
    BOOST_TEST((fault_of(outcome{.code = "ledger.payload_missing", .at_home = true}) == fault::at_home));
    BOOST_TEST((fault_of(outcome{.code = "ledger.no_space", .at_home = true}) == fault::at_home)); // our disk, not its
    BOOST_TEST((fault_of(outcome{.code = "delivery.node_unknown", .at_home = true}) == fault::of_destination));
}
