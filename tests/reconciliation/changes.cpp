// What a comparison costs, and that it ends: lists of any length, and only what is new where the rest is confirmed.
#include "daemon/reconciliation/errors.hpp"
#include "daemon/reconciliation/survey.hpp"
#include "daemon/base/ids.hpp"
#include "daemon/records/statuses.hpp"
#include "tests/reconciliation/rounds_of.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdlib>
#include <fmt/format.h>

namespace vanthu::test {
namespace {

using peer::reconcile_answer;
using peer::reconcile_question;

constexpr std::chrono::seconds day = std::chrono::hours(24);

std::string id_at(std::int64_t us, std::size_t number) {
    const auto ms = static_cast<std::uint64_t>(us / 1000);
    return fmt::format("{:08x}-{:04x}-7000-8000-{:012x}", ms >> 16, ms & 0xffff, number);
}

// Both nodes have `count` documents on record that the lower one has sent and the recipient's eOffice has acknowledged,
// the first of them `age` ago and the last not quite so long.
void agreed_documents(pair_of_nodes& n, std::size_t first, std::size_t count, std::chrono::seconds age = day) {
    const std::int64_t begin = to_us(n.lower.clock.now() - age);
    auto time_of = [&](std::size_t number) {
        const auto part = static_cast<double>(number - first) / static_cast<double>(count);
        return begin + static_cast<std::int64_t>(part * 0.9 * static_cast<double>(to_us(timestamp(age))));
    };
    constexpr std::size_t at_a_time = 2'000;
    for (std::size_t done = 0; done < count; done += at_a_time) {
        struct name {
            std::string first, second;
            std::int64_t at;
        };
        std::vector<name> ids;
        const std::size_t many = std::min(at_a_time, count - done);
        for (std::size_t i = 0; i < many; ++i) {
            const std::size_t number = first + done + i;
            ids.push_back({"doc-" + std::to_string(number), id_at(time_of(number), number), time_of(number)});
        }
        auto row = [&](const name& of, const std::string& owner) {
            const digest sha = sha256::of(of.first);
            records::document_row d{.id = of.second, .owner = owner, .packet_sha256 = sha, .content_sha256 = sha};
            d.identity = {.issuer = "@huyen", .document_id = of.first, .number = "1", .notation = "CV"};
            d.received_at = of.at;
            return d;
        };
        must_commit(n.lower, [&](records::writer& w) -> result<> {
            for (const name& of : ids) {
                const records::document_row d = row(of, "@huyen");
                w.put(d);
                records::consignment_row c{.document = d.id, .recipient_code = "H48.99.01", .recipient = "@xa"};
                c.state_now = records::state::delivered;
                c.hop = "h48";
                records::add_status(c, "01", of.at);
                w.put("@huyen", c);
                records::transfer_row t{
                    .owner = "@huyen", .document = d.id, .node = "h48", .recipients = {"H48.99.01"}};
                t.state_now = records::state::delivered;
                t.created_at = t.last_attempt_at = of.at;
                t.composed = true;
                t.packet_sha256 = d.packet_sha256;
                w.put(t);
                w.put_hop_receipt("@huyen", t, "receipt");
                w.sent("@huyen", t);
            }
            return {};
        });
        must_commit(n.upper, [&](records::writer& w) -> result<> {
            for (const name& of : ids) {
                records::document_row d = row(of, "@tinh");
                d.previous_node = "h48.40";
                w.put(d);
                records::inbox_row e{.organisation = "@xa", .owner = "@tinh", .document = d.id};
                e.fetched_at = e.acked_at = of.at;
                VANTHU_TRY(auto entry, w.add_inbox(e, new_id(n.upper.clock.now())));
                records::consignment_row c{.document = d.id, .recipient_code = "H48.99.01", .recipient = "@xa"};
                c.state_now = records::state::delivered;
                c.hop = "local";
                c.inbox_id = entry.id;
                records::add_status(c, "01", of.at);
                w.put("@tinh", c);
                w.index_document(d);
                w.received("@tinh", "h48.40", d.packet_sha256, {"@tinh", d.id, "", 0});
            }
            return {};
        });
    }
}

std::size_t how_many(std::size_t otherwise) {
    const char* text = std::getenv("VANTHU_COMPARE_PACKETS");
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

reconciliation::report_row by_schedule(daemon_parts& at, const std::string& with) {
    const auto began = std::chrono::steady_clock::now();
    auto done = wait_for(at.decisions->executor(0),
                         at.rounds->compare_with({.node = with, .by = "schedule", .only_changes = true}));
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().code.message() + " " + done.error().detail));
    const auto took = std::chrono::steady_clock::now() - began;
    BOOST_TEST_MESSAGE(done->packets << " packets, " << done->listed_there << " listed, " << done->pages << " pages, "
                                     << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
    return *done;
}

} // namespace

BOOST_AUTO_TEST_SUITE(changes)

BOOST_AUTO_TEST_CASE(by_the_schedule_only_what_is_new_is_asked_about_once_all_was_compared) {
    pair_of_nodes n;
    agreed_documents(n, 0, how_many(3'000));
    const auto first = by_schedule(n.lower, "h48");
    BOOST_TEST(first.outcome == "done");
    BOOST_TEST(first.counts.empty());
    BOOST_TEST(first.packets == how_many(3'000));
    const auto second = by_schedule(n.lower, "h48");
    BOOST_TEST(second.pages <= 3 + how_many(3'000) / 20 / peer::reconcile_page);
    BOOST_TEST(second.packets == 0u);
    agreed_documents(n, 1'000'000, 10, std::chrono::seconds(60));
    const auto third = by_schedule(n.lower, "h48");
    BOOST_TEST(third.outcome == "done");
    BOOST_TEST(third.counts.empty());
    BOOST_TEST(third.packets == 10u);
    BOOST_TEST(third.listed_there < 10 + how_many(3'000) / 20);
    BOOST_TEST(third.pages <= 3 + how_many(3'000) / 20 / peer::reconcile_page);
}

BOOST_AUTO_TEST_CASE(what_is_not_confirmed_is_asked_about_again_and_again) {
    pair_of_nodes n;
    const std::string document = sent_up(n, 15);
    for (int i = 0; i < 3; ++i) BOOST_TEST(by_schedule(n.lower, "h48").packets == 1u); // nobody has acknowledged it
    BOOST_REQUIRE(acknowledge(n.upper, "key-xa", first_entry(n.upper, "key-xa")).status == 200);
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"last_status"}) == "01"; }));
    BOOST_TEST(by_schedule(n.lower, "h48").packets == 1u);
    BOOST_TEST(by_schedule(n.lower, "h48").packets == 0u);
    BOOST_TEST(by_schedule(n.upper, "h48.40").packets == 1u); // the status
    BOOST_TEST(by_schedule(n.upper, "h48.40").packets == 0u);
    BOOST_TEST(compared(n.lower, "h48").packets == 1u); // all, where somebody asks
}

BOOST_AUTO_TEST_CASE(what_a_program_before_has_sent_is_followed_too) {
    pair_of_nodes n;
    const std::string document = sent_up(n, 15);
    const auto t = records::reader(n.lower.store->committed()).transfer("@huyen", document, "h48").value().value();
    must_commit(n.lower, [&](records::writer& w) -> result<> { // it wrote no such row
        w.remove_unconfirmed("@huyen", "h48", t.packet_sha256);
        return {};
    });
    for (int i = 0; i < 3; ++i) BOOST_TEST(by_schedule(n.lower, "h48").packets == 1u);
}

BOOST_AUTO_TEST_CASE(a_store_put_back_there_is_noticed_though_all_was_confirmed) {
    pair_of_nodes n;
    auto taken = [&](int number) {
        const std::string document = sent_up(n, number);
        const auto entries = inbox_of(n.upper, "key-xa");
        BOOST_REQUIRE(acknowledge(n.upper, "key-xa", text_of(entries.back().as_object(), {"id"})).status == 200);
        BOOST_REQUIRE(eventually([&] { return n.track(document, {"last_status"}) == "01"; }));
        return document;
    };
    taken(15);
    by_schedule(n.lower, "h48");
    store_copy older(n.upper);
    const std::string lost = taken(16);
    BOOST_TEST(by_schedule(n.lower, "h48").packets == 1u);
    BOOST_TEST(by_schedule(n.lower, "h48").packets == 0u);
    older.put_back();
    const auto report = by_schedule(n.lower, "h48");
    BOOST_TEST(!report.only_changes);
    BOOST_TEST(found(report, "lost_there") == 1u);
    BOOST_REQUIRE(report.findings.size() == 1u);
    BOOST_TEST(report.findings[0].document == lost);
    BOOST_TEST(report.packets == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_not_on_record_here_is_shown_as_long_as_it_is_so) {
    pair_of_nodes n;
    sent_up(n, 15);
    by_schedule(n.lower, "h48");
    store_copy older(n.lower);
    sent_up(n, 16);
    older.put_back();
    for (int i = 0; i < 3; ++i) {
        const auto report = by_schedule(n.lower, "h48");
        BOOST_TEST(report.only_changes);
        BOOST_TEST(found(report, "not_on_record_here") == 1u);
    }
}

BOOST_AUTO_TEST_CASE(what_arrived_is_listed_in_either_order_page_by_page) {
    pair_of_nodes n;
    agreed_documents(n, 0, 1'200);
    const auto view = n.upper.store->snapshot();
    auto listed = [&](bool by_arrival) {
        std::vector<digest> out;
        peer::asked_list asked{.by_arrival = by_arrival};
        for (int pages = 1;; ++pages) {
            const auto told = reconciliation::answer(*view, {"@tinh", "h48.40"}, {.sent = {}, .list = asked}).value();
            BOOST_REQUIRE(told.listed.size() <= peer::reconcile_page);
            for (const auto& p : told.listed) out.push_back(p.packet_sha256);
            asked.from = told.next_from;
            asked.after = told.next;
            if (!by_arrival || told.next_from.empty()) BOOST_TEST(told.again_from.empty() != by_arrival);
            if (asked.from.empty() && !asked.after) {
                BOOST_TEST(pages == 3);
                std::ranges::sort(out);
                return out;
            }
        }
    };
    BOOST_TEST((listed(true) == listed(false)));
    BOOST_TEST(listed(true).size() == 1'200u);
}

BOOST_AUTO_TEST_CASE(a_node_that_lists_by_hashes_only_is_compared_with_all_the_same) {
    pair_of_nodes n;
    agreed_documents(n, 0, 20);
    n.lower.spec.asks = [&](std::string, reconcile_question q, steady_time) -> task<reconcile_answer> {
        if (q.list) q.list->by_arrival = false;
        const auto view = n.upper.store->snapshot();
        co_return reconciliation::answer(*view, {"@tinh", "h48.40"}, q);
    };
    for (int i = 0; i < 2; ++i) {
        const auto report = by_schedule(n.lower, "h48");
        BOOST_TEST(report.outcome == "done");
        BOOST_TEST(report.counts.empty());
        BOOST_TEST(report.listed_there == 20u);
        BOOST_TEST(report.packets == (i == 0 ? 20u : 0u));
    }
}

namespace {
// The upper node's true answers, its lists in pages of `page`, in the order of hashes.
reconcile_answer in_pages(pair_of_nodes& n, reconcile_question q, std::size_t page) {
    const auto view = n.upper.store->snapshot();
    if (q.list) q.list->by_arrival = false;
    auto told = reconciliation::answer(*view, {"@tinh", "h48.40"}, q).value();
    if (told.listed.size() > page) {
        told.listed.resize(page);
        told.next = told.listed.back().packet_sha256;
    }
    return told;
}
} // namespace

BOOST_AUTO_TEST_CASE(a_list_may_be_as_long_as_our_own_record_makes_it) {
    pair_of_nodes n;
    agreed_documents(n, 0, 2'000);
    auto asks = [&](std::string, reconcile_question q, steady_time) -> task<reconcile_answer> {
        co_return in_pages(n, std::move(q), 100);
    };
    scheduled s(n.lower, asks, [](auto& o) { o.listed_pages = 1; });
    const auto report = wait_for(n.lower.decisions->executor(0), s.rounds->compare_with({.node = "h48"})).value();
    BOOST_TEST(report.outcome == "done");
    BOOST_TEST(report.listed_there == 2'000u);
}

BOOST_AUTO_TEST_CASE(positions_that_do_not_end_or_go_back_end_the_round) {
    pair_of_nodes n;
    sent_up(n, 15);
    by_schedule(n.lower, "h48");
    std::size_t pages = 0;
    std::function<std::string(std::size_t)> position;
    n.lower.spec.asks = [&](std::string, reconcile_question q, steady_time) -> task<reconcile_answer> {
        const auto view = n.upper.store->snapshot();
        auto told = reconciliation::answer(*view, {"@tinh", "h48.40"}, q).value();
        if (q.list) told.next_from = position(++pages);
        co_return told;
    };
    position = [](std::size_t page) { return "f" + std::to_string(1'000'000 + page); };
    auto report = by_schedule(n.lower, "h48");
    BOOST_TEST(report.code == "reconciliation.answer_unfit");
    BOOST_TEST(pages == 4'000u);
    pages = 0;
    position = [](std::size_t page) { return page == 1 ? "f2" : "f1"; };
    BOOST_TEST(by_schedule(n.lower, "h48").code == "reconciliation.answer_unfit");
    BOOST_TEST(pages == 2u);
}

BOOST_AUTO_TEST_CASE(what_was_interrupted_goes_on_where_it_was) {
    constexpr std::size_t documents = 4'000; // eight pages there and eight back
    pair_of_nodes n;
    agreed_documents(n, 0, documents);
    std::atomic<std::size_t> asked = 0, lists = 0, fails_at = 3, hangs_at = 1'000;
    n.lower.spec.asks = [&](std::string, reconcile_question q, steady_time) -> task<reconcile_answer> {
        const std::size_t now = q.list ? ++lists + asked : ++asked + lists;
        if (now == hangs_at) {
            asio::steady_timer long_time(co_await asio::this_coro::executor, std::chrono::hours(1));
            co_await long_time.async_wait(asio::use_awaitable);
        }
        if (now >= fails_at) co_return failed(reconciliation::errc::not_reached, "net.closed");
        co_return in_pages(n, std::move(q), 500);
    };
    BOOST_TEST(compared(n.lower, "h48").outcome == "failed");
    BOOST_TEST(asked == 2u + 3u); // two answered, and one that was asked three times
    asked = 0;
    fails_at = 1'000;
    hangs_at = 6 + 3; // six more pages there, and two of those back
    n.lower.restart(); // goes on by itself
    BOOST_REQUIRE(eventually([&] { return lists == 3u; }));
    BOOST_TEST(asked == 6u);
    asked = lists = 0;
    hangs_at = 1'000;
    n.lower.restart(); // while it was being answered
    BOOST_REQUIRE(eventually([&] {
        auto last = n.lower.rounds->last().value();
        return !last.empty() && last[0].outcome == "done";
    }));
    BOOST_TEST(asked == 0u);
    BOOST_TEST(lists <= 9u); // of lists it is not on disk at each page how far they are
    const auto report = n.lower.rounds->last().value().at(0);
    BOOST_TEST(report.packets == documents);
    BOOST_TEST(report.listed_there == documents);
    BOOST_TEST(report.counts.empty());
    BOOST_TEST(reconciliation::interrupted(n.lower.store->committed(), "@huyen").value().empty());
}

BOOST_AUTO_TEST_CASE(the_schedule_does_not_go_on_with_what_somebody_wanted_to_see_only) {
    constexpr std::size_t documents = 1'500; // three pages
    pair_of_nodes n;
    agreed_documents(n, 0, documents);
    std::size_t asked = 0, fails_at = 2;
    n.lower.spec.asks = [&](std::string, reconcile_question q, steady_time) -> task<reconcile_answer> {
        if (++asked >= fails_at) co_return failed(reconciliation::errc::not_reached, "net.closed");
        co_return in_pages(n, std::move(q), 500);
    };
    BOOST_TEST(compared(n.lower, "h48", false).outcome == "failed");
    fails_at = 1'000;
    const auto report =
        wait_for(n.lower.decisions->executor(0),
                 n.lower.rounds->compare_with({.node = "h48", .by = "schedule", .go_on = true, .only_changes = true}))
            .value();
    BOOST_TEST(report.outcome == "done");
    BOOST_TEST(report.repair);
    BOOST_TEST(report.packets == documents);
    BOOST_TEST(reconciliation::interrupted(n.lower.store->committed(), "@huyen").value().empty());
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test
