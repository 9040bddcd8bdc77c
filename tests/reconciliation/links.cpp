// Two real nodes compare their records.
#include "daemon/ledger/commit_task.hpp"
#include "daemon/reconciliation/survey.hpp"
#include "daemon/records/statuses.hpp"
#include "tests/reconciliation/rounds_of.hpp"

namespace vanthu::test {

BOOST_AUTO_TEST_SUITE(links)

BOOST_AUTO_TEST_CASE(two_nodes_that_agree_find_nothing) {
    pair_of_nodes n;
    const std::string document = sent_up(n, 15);
    BOOST_REQUIRE(acknowledge(n.upper, "key-xa", first_entry(n.upper, "key-xa")).status == 200);
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"last_status"}) == "01"; }));
    auto lower = compared(n.lower, "h48"), upper = compared(n.upper, "h48.40");
    BOOST_TEST(lower.outcome == "done");
    BOOST_TEST(lower.packets == 1u);
    BOOST_TEST(lower.counts.empty());
    BOOST_TEST(lower.listed_there == 1u);
    BOOST_TEST(upper.packets == 1u); // the status
    BOOST_TEST(upper.counts.empty());
    BOOST_TEST(n.lower.rounds->last().value().size() == 1u);
    BOOST_TEST(n.lower.rounds->last().value().front().packets == 1u);
}

BOOST_AUTO_TEST_CASE(a_node_that_is_down_was_not_reached_and_is_not_said_to_refuse) {
    pair_of_nodes n;
    sent_up(n, 15);
    n.lower.use_registry(two_node_registry(3, {}, nowhere, n.lower.peer_url()));
    auto report = compared(n.lower, "h48");
    BOOST_TEST(report.outcome == "failed");
    BOOST_TEST(report.code == "reconciliation.not_reached");
    BOOST_TEST(report.cause.starts_with("net."), report.cause);
}

BOOST_AUTO_TEST_CASE(what_the_other_side_has_lost_with_an_older_store_is_sent_again_as_it_was) {
    pair_of_nodes n;
    sent_up(n, 15);
    store_copy older(n.upper);
    const std::string lost = sent_up(n, 16);
    auto before = records::reader(n.lower.store->committed()).transfer("@huyen", lost, "h48").value().value();
    older.put_back();
    BOOST_REQUIRE(inbox_of(n.upper, "key-xa").size() == 1u);

    auto listed = compared(n.lower, "h48", false); // lists only
    BOOST_TEST(found(listed, "lost_there") == 1u);
    BOOST_TEST(n.track(lost, {"state"}) == "delivered");

    auto report = compared(n.lower, "h48");
    BOOST_TEST(found(report, "lost_there") == 1u);
    BOOST_REQUIRE(report.findings.size() == 1u);
    BOOST_TEST(report.findings[0].repaired);
    BOOST_TEST(report.findings[0].document == lost);
    BOOST_REQUIRE(eventually([&] { return inbox_of(n.upper, "key-xa").size() == 2u; }));
    BOOST_REQUIRE(eventually([&] { return n.track(lost, {"state"}) == "delivered"; }));
    auto after = records::reader(n.lower.store->committed()).transfer("@huyen", lost, "h48").value().value();
    BOOST_TEST((after.packet_sha256 == before.packet_sha256)); // the same envelope
    bool on_record = false;
    for (const auto& e : records::reader(n.lower.store->committed()).events_of("@huyen", lost).value())
        on_record |= e.kind == "reconciled" && e.code == "send_again" && e.proof == before.receipt_sha256.hex();
    BOOST_TEST(on_record);
    BOOST_TEST(compared(n.lower, "h48").counts.empty());
    BOOST_TEST(inbox_of(n.upper, "key-xa").size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_answer_that_never_came_back_is_fetched) {
    pair_of_nodes n;
    const std::string document = sent_up(n, 15);
    // As a stop between the other side's commit and our own leaves it, with the next attempt far away.
    must_commit(n.lower, [&](records::writer& w) -> result<> {
        VANTHU_TRY(auto t, w.transfer("@huyen", document, "h48"));
        t->state_now = records::state::parked;
        t->attempts = 60;
        t->created_at -= 8 * 86'400'000'000; // longer than it may take
        w.put(*t);
        VANTHU_TRY(auto c, w.consignment("@huyen", document, "H48.99.01"));
        c->state_now = records::state::parked;
        w.put("@huyen", *c);
        return {};
    });
    auto report = compared(n.lower, "h48");
    BOOST_TEST(found(report, "known_there") == 1u);
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));
    BOOST_TEST(inbox_of(n.upper, "key-xa").size() == 1u);
    BOOST_TEST(compared(n.lower, "h48").counts.empty());
}

BOOST_AUTO_TEST_CASE(a_store_put_back_here_shows_what_it_has_forgotten) {
    pair_of_nodes n;
    sent_up(n, 15);
    store_copy older(n.lower);
    sent_up(n, 16);
    sent_up(n, 17);
    older.put_back();
    auto report = compared(n.lower, "h48");
    BOOST_TEST(found(report, "not_on_record_here") == 2u);
    BOOST_TEST(report.findings.at(0).label.find("/") != std::string::npos);
    BOOST_TEST(inbox_of(n.upper, "key-xa").size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_notice_that_never_came_is_taken_over_from_the_answer) {
    pair_of_nodes n;
    const std::string document = sent_up(n, 15);
    const std::string there = only_document(n.upper);
    must_commit(n.upper, [&](records::writer& w) -> result<> { // returned there, and the notice is lost
        VANTHU_TRY(auto c, w.consignment("@tinh", there, "H48.99.01"));
        c->state_now = records::state::refused;
        c->hop.clear();
        c->reason = "intake.returned_by_operator";
        w.put("@tinh", *c);
        return {};
    });
    auto report = compared(n.lower, "h48");
    BOOST_TEST(found(report, "notice_missing") == 1u);
    BOOST_TEST(n.track(document, {"state"}) == "refused");
    BOOST_TEST(n.track(document, {"reason"}) == "intake.returned_by_operator");
    BOOST_TEST(compared(n.lower, "h48").counts.empty());
}

// Between the reading of the record and the change lies a question to another node.
BOOST_AUTO_TEST_CASE(what_was_taken_back_or_answered_meanwhile_is_not_sent_again) {
    for (const bool recalled : {true, false}) {
        pair_of_nodes n;
        const std::string document = sent_up(n, 15);
        n.lower.spec.asks = [&](std::string, peer::reconcile_question q, steady_time) -> task<peer::reconcile_answer> {
            VANTHU_CO_CHECK(co_await ledger::commit(*n.lower.store, [&](ledger::transaction& t) -> result<> {
                records::writer w(t);
                VANTHU_TRY(auto c, w.consignment("@huyen", document, "H48.99.01"));
                if (recalled)
                    c->state_now = records::state::recalled;
                else
                    records::add_status(*c, "01", 1);
                w.put("@huyen", *c);
                return {};
            }));
            peer::reconcile_answer a;
            for (const auto& p : q.sent) a.sent.push_back({p.packet_sha256, false, {}, {}});
            co_return a;
        };
        BOOST_TEST(compared(n.lower, "h48").counts.empty());
        const records::reader read(n.lower.store->committed());
        auto t = read.transfer("@huyen", document, "h48").value().value();
        BOOST_TEST((t.state_now == records::state::delivered));
        for (const auto& e : read.events_of("@huyen", document).value()) BOOST_TEST(e.kind != "reconciled");
    }
}

namespace {
// Counts what is read.
class counting_view final : public ledger::view {
public:
    explicit counting_view(const ledger::view& of) : of_(of) {}
    result<std::optional<std::string>> get(std::string_view key) const override {
        ++reads;
        return of_.get(key);
    }
    result<> scan(std::string_view prefix, std::string_view from, const row_visitor& visit,
                  ledger::direction d) const override {
        ++reads;
        return of_.scan(
            prefix, from,
            [&](std::string_view key, std::string_view value) {
                ++reads;
                return visit(key, value);
            },
            d);
    }
    mutable std::size_t reads = 0;

private:
    const ledger::view& of_;
};
} // namespace

BOOST_AUTO_TEST_CASE(what_a_recipient_costs_does_not_grow_with_their_number) {
    office n;
    // One identity in three envelopes, each for all.
    auto asked = [&](std::size_t recipients, const std::string& name) {
        const digest sha = sha256::of(name);
        peer::reconcile_question q;
        q.sent = {{sha, {}}};
        must_commit(n.node, [&](records::writer& w) -> result<> {
            for (const char* envelope : {"1", "2", "3"}) {
                records::document_row d{.id = name + envelope, .owner = "@tinh", .content_sha256 = sha};
                d.identity = {.issuer = "@huyen", .document_id = name, .number = "1"};
                w.put(d);
                w.index_document(d);
                for (std::size_t i = 0; i < recipients; ++i) {
                    const std::string code = "R" + std::to_string(i);
                    VANTHU_TRY(auto entry, w.add_inbox({.organisation = "@" + code, .owner = "@tinh", .document = d.id},
                                                       name + envelope + code));
                    records::consignment_row c{.document = d.id, .recipient_code = code, .recipient = "@" + code};
                    c.state_now = records::state::delivered;
                    c.hop = "local";
                    c.inbox_id = entry.id;
                    w.put("@tinh", c);
                    if (*envelope == '1') q.sent[0].recipients.push_back(code);
                }
            }
            w.received("@tinh", "h48.40", sha, {"@tinh", name + "1", "", 0});
            return {};
        });
        const auto store = n.node.store->snapshot();
        counting_view view(*store);
        auto told = reconciliation::answer(view, {"@tinh", "h48.40"}, q).value();
        BOOST_REQUIRE(told.sent.at(0).recipients.size() == recipients);
        for (const auto& r : told.sent[0].recipients) BOOST_TEST(r.entries == 3u);
        return view.reads / recipients;
    };
    const std::size_t one = asked(1, "một"), many = asked(200, "nhiều");
    BOOST_TEST(many <= one);
}

BOOST_AUTO_TEST_CASE(a_status_that_the_other_side_has_lost_is_sent_again_by_its_sender) {
    pair_of_nodes n;
    const std::string document = sent_up(n, 15);
    store_copy older(n.lower);
    BOOST_REQUIRE(acknowledge(n.upper, "key-xa", first_entry(n.upper, "key-xa")).status == 200);
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"last_status"}) == "01"; }));
    older.put_back();
    BOOST_TEST(n.track(document, {"last_status"}) == "");
    BOOST_TEST(found(compared(n.lower, "h48"), "status_missing") == 1u);
    BOOST_TEST(found(compared(n.upper, "h48.40"), "lost_there") == 1u);
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"last_status"}) == "01"; }));
    BOOST_TEST(compared(n.lower, "h48").counts.empty());
}

BOOST_AUTO_TEST_CASE(a_peer_is_told_only_of_what_it_has_sent_itself) {
    pair_of_nodes n;
    const std::string document = sent_up(n, 15);
    auto t = records::reader(n.lower.store->committed()).transfer("@huyen", document, "h48").value().value();
    peer_client lower(n.upper, n.ca, n.lower.service);
    peer::reconcile_question q;
    q.sent = {{t.packet_sha256, {"H48.99.01"}}};
    auto asked = [&](peer_client& by, const std::string& body) {
        net::client_request r;
        r.method = "POST";
        r.target = "/peer/v1/reconcile";
        r.body = body;
        return by.client->send(std::move(r));
    };
    auto answer = asked(lower, peer::encode(q));
    BOOST_REQUIRE((answer.has_value() && answer->status == 200));
    auto told = peer::decode_reconcile_answer(answer->body).value();
    BOOST_TEST(told.sent.at(0).known);
    BOOST_TEST(told.sent.at(0).recipients.at(0).entries == 1u);

    subject_spec stranger;
    stranger.common_name = "la";
    stranger.organisation_code = "H99";
    stranger.use = profile::service;
    identity who = n.ca.issue(stranger);
    peer_client other(n.upper, n.ca, who);
    BOOST_TEST(code_of(asked(other, peer::encode(q))) == "peer_link.unknown_peer");

    // The upper node as a peer of the lower one has sent nothing: it learns nothing of the same hash.
    peer_client upper(n.lower, n.ca, n.upper.service);
    auto nothing = asked(upper, peer::encode(q));
    BOOST_REQUIRE((nothing.has_value() && nothing->status == 200));
    BOOST_TEST(!peer::decode_reconcile_answer(nothing->body).value().sent.at(0).known);
    BOOST_TEST(code_of(asked(lower, "{}")) == "peer.malformed");
}

BOOST_AUTO_TEST_CASE(who_asks_too_often_is_refused_and_told_when_to_come_again) {
    pair_of_nodes n([](node_spec& s) { s.questions_per_minute = 2; });
    peer_client lower(n.upper, n.ca, n.lower.service);
    net::client_request r;
    r.method = "POST";
    r.target = "/peer/v1/reconcile";
    r.body = peer::encode({.sent = {}, .list = peer::asked_list{}});
    for (int i = 0; i < 2; ++i) BOOST_TEST(lower.client->send(r)->status == 200);
    auto no = lower.client->send(r);
    BOOST_TEST(no->status == 429);
    BOOST_TEST(!no->fields.get("Retry-After").empty());
    BOOST_TEST(code_of(no) == "peer_link.too_many_questions");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test
