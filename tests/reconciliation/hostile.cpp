// A node that answers wrongly: nothing is done endlessly, nothing is believed that does not fit.
#include "tests/reconciliation/rounds_of.hpp"

#include "daemon/reconciliation/errors.hpp"

#include <boost/asio/steady_timer.hpp>

namespace vanthu::test {
namespace {

using peer::reconcile_answer;
using peer::reconcile_question;

// What the upper node says of its records to the lower one, in its place.
struct liar {
    std::function<reconcile_answer(const reconcile_question&)> says;
    int asked = 0;
};
void put_in_place(daemon_parts& at, std::shared_ptr<liar> l) {
    at.spec.asks = [l](std::string, reconcile_question q, steady_time) -> task<reconcile_answer> {
        ++l->asked;
        co_return l->says(q);
    };
}
reconcile_answer nothing_known(const reconcile_question& q) {
    reconcile_answer a;
    for (const auto& p : q.sent) a.sent.push_back({p.packet_sha256, false, {}, {}});
    return a;
}

} // namespace

BOOST_AUTO_TEST_SUITE(hostile)

BOOST_AUTO_TEST_CASE(who_knows_nothing_for_ever_is_sent_to_three_times_and_then_no_more) {
    pair_of_nodes n;
    const std::string document = sent_up(n, 15);
    auto l = std::make_shared<liar>(liar{nothing_known});
    put_in_place(n.lower, l);
    auto handed_over = [&] {
        auto events = records::reader(n.lower.store->committed()).events_of("@huyen", document).value();
        return std::ranges::count(events, "handed_over", &records::event_row::kind);
    };
    for (int i = 1; i <= 5; ++i) {
        auto report = compared(n.lower, "h48");
        BOOST_TEST(found(report, "lost_there") == 1u);
        BOOST_TEST(report.findings.at(0).repaired == (i <= 3));
        if (i > 3) BOOST_TEST(report.findings.at(0).withheld == "given_up");
        BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));
        BOOST_TEST(handed_over() == 1 + std::min(i, 3));
    }
    BOOST_TEST(inbox_of(n.upper, "key-xa").size() == 1u); // whatever it says of itself
}

BOOST_AUTO_TEST_CASE(pages_that_do_not_end_or_go_in_circles_end_the_round) {
    pair_of_nodes n;
    sent_up(n, 15);
    auto l = std::make_shared<liar>();
    put_in_place(n.lower, l);
    auto outcome = [&] {
        auto report = compared(n.lower, "h48", false);
        BOOST_TEST(report.outcome == "failed");
        BOOST_TEST(report.code == "reconciliation.answer_unfit");
        return report;
    };
    l->says = [](const reconcile_question& q) { // always the same page
        reconcile_answer a = nothing_known(q);
        if (q.list) a.next = sha256::of("x");
        return a;
    };
    outcome();
    BOOST_TEST(l->asked < 10);
    std::uint64_t page = 0;
    l->says = [&](const reconcile_question& q) { // always a further one
        reconcile_answer a = nothing_known(q);
        if (!q.list) return a;
        ++page;
        for (int i = 0; i < 2; ++i) {
            digest d{};
            for (int k = 0; k < 4; ++k) d.value[k] = static_cast<std::uint8_t>(page >> (24 - 8 * k));
            d.value[31] = static_cast<std::uint8_t>(i);
            a.listed.push_back({.packet_sha256 = d, .kind = "document"});
            a.next = d;
        }
        return a;
    };
    auto report = outcome();
    BOOST_TEST(page == 4'000u);
    BOOST_TEST(report.findings.size() <= 1 + reconciliation::listed_at_most); // the report stays small
    for (const auto& c : report.counts)
        if (c.kind == "not_on_record_here") BOOST_TEST(c.found == 8'000u); // and exact
}

BOOST_AUTO_TEST_CASE(an_answer_to_another_question_changes_nothing) {
    pair_of_nodes n;
    const std::string document = sent_up(n, 15);
    auto l = std::make_shared<liar>();
    put_in_place(n.lower, l);
    l->says = [](const reconcile_question&) { return reconcile_answer{}; };
    BOOST_TEST(compared(n.lower, "h48").code == "reconciliation.answer_unfit");
    l->says = [](const reconcile_question& q) {
        reconcile_answer a = nothing_known(q);
        a.sent.push_back({sha256::of("other"), true, {}, {}});
        return a;
    };
    BOOST_TEST(compared(n.lower, "h48").code == "reconciliation.answer_unfit");
    BOOST_TEST(n.track(document, {"state"}) == "delivered");
}

BOOST_AUTO_TEST_CASE(contradicting_answers_do_not_fill_the_record) {
    pair_of_nodes n;
    const std::string document = sent_up(n, 15);
    auto l = std::make_shared<liar>();
    put_in_place(n.lower, l);
    int turn = 0;
    l->says = [&](const reconcile_question& q) {
        reconcile_answer a;
        for (const auto& p : q.sent) {
            auto d = records::reader(n.lower.store->committed()).document("@huyen", document).value().value();
            a.sent.push_back({p.packet_sha256, true, d.content_sha256, {}});
            a.sent.back().recipients.push_back({.recipient = p.recipients.at(0),
                                                .state = "parked",
                                                .reason = "x.r" + std::to_string(turn++),
                                                .at = 1});
        }
        return a;
    };
    for (int i = 0; i < 10; ++i) compared(n.lower, "h48");
    auto events = records::reader(n.lower.store->committed()).events_of("@huyen", document).value();
    BOOST_TEST(std::ranges::count(events, "reconciled", &records::event_row::kind) == 3);
}

BOOST_AUTO_TEST_CASE(an_older_version_cannot_be_compared_and_that_is_no_error) {
    pair_of_nodes n;
    sent_up(n, 15);
    n.lower.spec.asks = [](std::string, reconcile_question, steady_time) -> task<reconcile_answer> {
        co_return failed(reconciliation::errc::cannot_compare);
    };
    auto report = compared(n.lower, "h48");
    BOOST_TEST(report.outcome == "cannot_compare");
    BOOST_TEST(report.counts.empty());
}

BOOST_AUTO_TEST_CASE(a_node_that_does_not_answer_is_asked_a_few_times) {
    pair_of_nodes n;
    sent_up(n, 15);
    int asked = 0;
    n.lower.spec.asks = [&](std::string, reconcile_question, steady_time) -> task<reconcile_answer> {
        ++asked;
        co_return failed(reconciliation::errc::refused_there, "net.connect_refused");
    };
    auto report = compared(n.lower, "h48");
    BOOST_TEST(report.outcome == "failed");
    BOOST_TEST(report.cause == "net.connect_refused");
    BOOST_TEST(asked == 3);
}

BOOST_AUTO_TEST_CASE(a_recall_that_nobody_asked_for_ends_nothing) {
    pair_of_nodes n;
    const std::string document = sent_up(n, 15);
    auto l = std::make_shared<liar>();
    put_in_place(n.lower, l);
    l->says = [&](const reconcile_question& q) {
        reconcile_answer a;
        for (const auto& p : q.sent) {
            auto d = records::reader(n.lower.store->committed()).document("@huyen", document).value().value();
            a.sent.push_back({p.packet_sha256, true, d.content_sha256, {}});
            a.sent.back().recipients.push_back({.recipient = p.recipients.at(0), .state = "recalled", .at = 1});
        }
        return a;
    };
    auto report = compared(n.lower, "h48");
    BOOST_TEST(found(report, "notice_missing") == 1u);
    BOOST_TEST(report.findings.at(0).withheld == "unasked");
    BOOST_TEST(n.track(document, {"state"}) == "delivered");
    // Nor does a notice that says so.
    auto t = records::reader(n.lower.store->committed()).transfer("@huyen", document, "h48").value().value();
    peer::notice_call call{.instance = "x", .notices = {}};
    call.notices.push_back({.sequence = 1,
                            .packet_sha256 = t.packet_sha256,
                            .recipient = "H48.99.01",
                            .kind = "recalled",
                            .by = "H48",
                            .at = 1});
    BOOST_TEST(
        wait_for(n.lower.decisions->executor(0), delivery::receive_notices(*n.lower.store, "@huyen", "h48", call))
            .has_value());
    BOOST_TEST(n.track(document, {"state"}) == "delivered");
}

BOOST_AUTO_TEST_CASE(a_round_that_fails_leaves_what_the_last_one_found) {
    pair_of_nodes n;
    sent_up(n, 15);
    auto l = std::make_shared<liar>(liar{nothing_known});
    put_in_place(n.lower, l);
    compared(n.lower, "h48", false);
    n.lower.spec.asks = [](std::string, reconcile_question, steady_time) -> task<reconcile_answer> {
        co_return failed(reconciliation::errc::refused_there, "net.connect_refused");
    };
    BOOST_TEST(compared(n.lower, "h48").outcome == "failed");
    auto last = n.lower.rounds->last().value();
    BOOST_REQUIRE(last.size() == 1u);
    BOOST_TEST(last[0].outcome == "done");
    BOOST_TEST(found(last[0], "lost_there") == 1u);
    BOOST_TEST(last[0].findings.size() == 1u);
    BOOST_TEST(last[0].last_try.outcome == "failed");
    BOOST_TEST(last[0].last_try.cause == "net.connect_refused");
    BOOST_TEST(last[0].last_try.started_at > last[0].started_at);
    last = n.lower.rounds->last(false).value();
    BOOST_TEST(found(last.at(0), "lost_there") == 1u); // the figures
    BOOST_TEST(last[0].findings.empty());
    put_in_place(n.lower, l);
    compared(n.lower, "h48", false);
    BOOST_TEST(n.lower.rounds->last().value().at(0).last_try.outcome == "done");
}

BOOST_AUTO_TEST_CASE(a_slow_node_puts_off_nobody_and_its_round_ends) {
    pair_of_nodes n;
    // The registry lists it before the honest one or behind it: both are called again and again.
    n.meet(3, organisation_text{"xa-khac", "Ủy ban nhân dân xã khác", "UBND xã", "H48.41"}.toml() +
                  node_text{"h48.41", "xa-khac", "H48.41", nowhere, {}}.toml());
    std::atomic<int> honest{0}, never{0};
    auto asks = [&](std::string node, reconcile_question q, steady_time) -> task<reconcile_answer> {
        if (node == "h48") {
            ++honest;
            co_return nothing_known(q);
        }
        ++never;
        asio::steady_timer long_time(co_await asio::this_coro::executor, std::chrono::hours(1));
        co_await long_time.async_wait(asio::use_awaitable);
        co_return nothing_known(q);
    };
    {
        scheduled s(n.lower, asks, [](auto& o) { o.every = std::chrono::milliseconds(20); });
        BOOST_TEST(eventually([&] { return honest >= 5 && never > 0; }));
        BOOST_TEST(never == 1); // still under way
    }
    // Pages without end, each of them slow.
    std::uint8_t page = 0;
    auto slow = [&](std::string, reconcile_question q, steady_time) -> task<reconcile_answer> {
        asio::steady_timer t(co_await asio::this_coro::executor, std::chrono::milliseconds(20));
        co_await t.async_wait(asio::use_awaitable);
        reconcile_answer a = nothing_known(q);
        digest next{};
        next.value[0] = ++page;
        if (q.list) a.next = next;
        co_return a;
    };
    scheduled s(n.lower, slow, [](auto& o) {
        o.longest = std::chrono::milliseconds(100);
        o.a_page = std::chrono::milliseconds(1);
    });
    auto report = wait_for(n.lower.decisions->executor(0), s.rounds->compare_with({.node = "h48"})).value();
    BOOST_TEST(report.outcome == "failed");
    BOOST_TEST(report.code == "reconciliation.too_slow");
    BOOST_TEST(page < 100);
}

BOOST_AUTO_TEST_CASE(a_round_that_is_said_to_have_begun_runs) {
    pair_of_nodes n;
    auto on_it = [](reconciliation::rounds& r) -> task<bool> {
        auto first = r.start({.node = "h48"});
        auto second = r.start({.node = "h48"});
        co_return first.has_value() && r.running().contains("h48") && !second &&
            second.error().code == reconciliation::errc::running && r.start({})->empty();
    };
    BOOST_TEST(wait_for(n.lower.decisions->executor(0), on_it(*n.lower.rounds)).value());
}

BOOST_AUTO_TEST_CASE(unknown_nodes_and_second_rounds_are_refused) {
    pair_of_nodes n;
    auto at = n.lower.decisions->executor(0);
    auto start = [&](const std::string& node) {
        auto on_it = [](reconciliation::rounds& r, std::string name) -> task<std::vector<std::string>> {
            co_return r.start({.node = name});
        };
        return wait_for(at, on_it(*n.lower.rounds, node));
    };
    BOOST_TEST((start("nowhere").error().code == reconciliation::errc::node_unknown));
    BOOST_TEST(start("").value().size() == 1u);
    BOOST_REQUIRE(eventually([&] { return !n.lower.rounds->last().value().empty(); }));
    BOOST_TEST(n.lower.rounds->last().value().front().by == "operator");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test
