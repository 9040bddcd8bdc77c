// Requests for one document that cross each other or their answers: what a hop, a receiver and a sender make of it.
#include "tests/api/pair_of_nodes.hpp"
#include "tests/intake/offers.hpp"

#include "daemon/intake/rerouting.hpp"
#include "schemas/edxml/writer.hpp"

namespace vanthu::test {
namespace json = boost::json;
using records::recall_stand;

namespace {

constexpr const char* denial = R"({"code":"16","description":"Đã giải quyết"})";

std::string at_hour(const std::string& hour, std::string packet) {
    const std::string some = "2025/07/15 08:00:00"; // the sender's trace
    return packet.replace(packet.find(some), some.size(), "2025/07/15 " + hour);
}

// Documents of huyen to xa, and what is asked of them.
struct letters {
    letter document = upward();
    letters() {
        document.document_id = "VB-1";
        document.date = to_edxml_date(system_clock().now());
    }
    std::string recall(const std::string& hour, const std::string& file = {}) const {
        letter l = document;
        l.bussiness_type = 1;
        if (!file.empty()) return at_hour(hour, l.packet(file));
        const auto whole = edxml::read_packet(as_bytes(l.packet()));
        return at_hour(hour, edxml::compose_document(whole->document()->header).value()); // without files
    }
    std::string update(const std::string& hour) const {
        letter l = document;
        l.bussiness_type = 2;
        return at_hour(hour, l.packet("cập nhật"));
    }
    std::string replacement(const std::string& hour) const {
        letter l = document;
        l.number = 16;
        l.document_id = "VB-2";
        l.bussiness_type = 3;
        std::string p = at_hour(hour, l.packet("đã sửa"));
        const std::size_t list = p.find("ReplacementInfoList");
        return p.replace(p.find("VB-2", list), 4, "VB-1");
    }
    std::string replacement_of_both(const std::string& hour) const { // of VB-3 too
        std::string p = replacement(hour);
        const std::string end = "</edXML:ReplacementInfo>";
        const std::size_t begin = p.find("<edXML:ReplacementInfo>"), after = p.find(end) + end.size();
        std::string more = p.substr(begin, after - begin);
        return p.insert(after, more.replace(more.find("VB-1"), 4, "VB-3"));
    }
};

records::recall_row row_at(daemon_parts& node, const std::string& home) {
    return records::reader(node.store->committed()).recall(home, "@huyen", "VB-1", "@xa").value().value();
}

// The next hop has given its receipt.
void handed_over(daemon_parts& node, const std::string& owner, const std::string& id, const std::string& next) {
    auto done = node.store->commit_and_wait([&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        VANTHU_TRY(auto c, w.consignment(owner, id, "H48.99.01"));
        VANTHU_TRY(auto sent, w.transfer(owner, id, next));
        c->state_now = sent->state_now = records::state::delivered;
        w.put(owner, *c);
        w.remove_work(node.spec.home, *sent);
        w.put(*sent);
        return {};
    });
    BOOST_REQUIRE(done.has_value());
}

// A hop between huyen and the node of xa, which is another's vanthu: its answers name the document only.
struct hop : office, letters {
    hop()
        : office([](node_spec& s) {
              s.delivers = false;
              s.registry += node_text{"h48.99.01", "xa", "H48.99.01", nowhere, {}}.toml();
          }) {
        handed_over(come(document.packet()));
    }
    std::string come(const std::string& packet) { // its id
        auto taken = offer_from(node, "h48.40", packet);
        BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().code.message() + taken.error().detail));
        return taken->document.id;
    }
    void answer(const std::string& code, const std::string& hour) {
        const answer_packet said{.code = code, .time = "2025/07/15 " + hour};
        auto taken = offer_from(node, "h48.99.01", said.to(document));
        BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().code.message() + taken.error().detail));
    }
    records::consignment_row of(const std::string& id) {
        return records::reader(node.store->committed()).consignment("@tinh", id, "H48.99.01").value().value();
    }
    void handed_over(const std::string& id) { test::handed_over(node, "@tinh", id, "h48.99.01"); }
    records::recall_row row() { return row_at(node, "@tinh"); }
};

// huyen's node and that of xa, whose eOffice has the document. What one has for the other is brought by hand.
struct two_ends : pair_of_nodes, letters {
    explicit two_ends(bool taken_over = true)
        : pair_of_nodes([](node_spec& s) { s.delivers = false; }, [](node_spec& s) { s.delivers = false; }) {
        document_id = ask(document.packet());
        handed_over(lower, "@huyen", document_id, "h48");
        arrive(document.packet());
        if (taken_over) BOOST_REQUIRE(acknowledge(upper, "key-xa", entry(0)).status == 200);
    }
    std::string ask(const std::string& packet) { // its id at the sender's
        reply r = submit_packet(lower, "key-huyen", packet);
        BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
        return text_of(r.json(), {"document_id"});
    }
    void arrive(const std::string& packet) {
        auto taken = offer_from(upper, "h48.40", packet);
        BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().code.message() + taken.error().detail));
    }
    std::string entry(std::size_t n) {
        json::array all = inbox_of(upper, "key-xa");
        BOOST_REQUIRE(all.size() > n);
        return text_of(all.at(n).as_object(), {"id"});
    }
    bool is_cancelled(std::size_t n) {
        return !text_of(inbox_of(upper, "key-xa").at(n).as_object(), {"cancelled_at"}).empty();
    }
    void answer(std::size_t n, const std::string& body) {
        reply r = report(upper, "key-xa", entry(n), body);
        BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    }
    // Every answer that was not brought before, the last one first if asked so. How many there were.
    std::size_t bring_answers(bool reversed = false) {
        const records::reader read(upper.store->committed());
        std::size_t n = 0;
        auto all = read.documents("@xa", "", 100).value();
        if (!reversed) std::ranges::reverse(all);
        for (const records::document_row& d : all) {
            if (d.status_code < "15" || !brought_.insert(d.id).second) continue;
            const auto ref = ledger::payload_ref::decode(d.payload).value();
            const bytes packet = upper.store->payloads().read(ref, 0, d.size).value();
            auto taken = offer_from(lower, "h48", std::string(as_text(packet)));
            BOOST_REQUIRE_MESSAGE(taken.has_value(),
                                  (taken ? "" : taken.error().code.message() + taken.error().detail));
            ++n;
        }
        return n;
    }
    records::consignment_row sent(const std::string& id) {
        return records::reader(lower.store->committed()).consignment("@huyen", id, "H48.99.01").value().value();
    }
    records::recall_row here() { return row_at(lower, "@huyen"); }
    records::recall_row there() { return row_at(upper, "@tinh"); }
    std::string document_id;

private:
    std::set<std::string> brought_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(crossing)

BOOST_AUTO_TEST_CASE(an_answer_is_of_the_newest_request_by_its_senders_time_also_where_they_came_reversed) {
    for (const char* code : {"15", "16"}) {
        hop h;
        const std::string second = h.come(h.recall("10:00:00", "công văn thu hồi")),
                          first = h.come(h.recall("09:00:00"));
        BOOST_REQUIRE(first != second);
        h.answer(code, "11:00:00");
        BOOST_TEST(h.row().recall == second);
        BOOST_TEST((h.row().stands == (code == std::string("15") ? recall_stand::agreed : recall_stand::denied)));
        BOOST_TEST(h.of(second).last_status == code);
        BOOST_TEST(h.of(first).last_status == "");
    }
}

BOOST_AUTO_TEST_CASE(a_slow_clock_does_not_make_a_second_denial_one_of_the_first_request) {
    struct {
        bool handed_over;
        const char* hour; // of the answer to the second, asked at 10:00
        bool counts;
    } const cases[]{{true, "09:57:00", true}, {false, "09:57:00", false}, {true, "09:30:00", false}};
    for (const auto& each : cases) {
        hop h;
        h.come(h.recall("09:00:00"));
        h.answer("16", "09:10:00");
        BOOST_TEST((h.row().stands == recall_stand::denied));
        const std::string second = h.come(h.recall("10:00:00"));
        if (each.handed_over) h.handed_over(second);
        h.answer("16", each.hour);
        BOOST_TEST((h.row().stands == (each.counts ? recall_stand::denied : recall_stand::asked)), each.hour);
        BOOST_TEST(h.of(second).last_status == (each.counts ? "16" : ""));
    }
}

BOOST_AUTO_TEST_CASE(an_agreement_to_an_update_said_once_more_agrees_to_no_recall_that_came_after_it) {
    hop h;
    const std::string update = h.come(h.update("09:00:00"));
    h.answer("15", "09:10:00");
    BOOST_TEST(h.of(update).last_status == "15");
    const std::string recall = h.come(h.recall("10:00:00"));
    h.handed_over(recall);
    h.answer("15", "09:57:00");
    BOOST_TEST(h.of(recall).last_status == "");
    BOOST_TEST((h.row().stands == recall_stand::asked));
}

BOOST_AUTO_TEST_CASE(a_recall_is_answered_also_where_an_update_has_come_after_it) {
    for (const bool agrees : {true, false}) {
        two_ends two;
        const std::string recall = two.ask(two.recall("09:00:00")), update = two.ask(two.update("10:00:00"));
        two.arrive(two.recall("09:00:00"));
        two.arrive(two.update("10:00:00"));
        two.answer(1, agrees ? R"({"code":"15"})" : denial);
        BOOST_TEST(two.is_cancelled(0) == agrees);
        BOOST_TEST(two.bring_answers() == 1u);
        BOOST_TEST(two.sent(two.document_id).last_status == (agrees ? "15" : "16"));
        BOOST_TEST(two.sent(recall).last_status == (agrees ? "15" : "16"));
        BOOST_TEST(two.sent(update).last_status == "");
        if (agrees) {
            for (const records::recall_row& q : {two.here(), two.there()}) {
                BOOST_TEST(q.asks == 1);
                BOOST_TEST((q.stands == recall_stand::agreed));
            }
            BOOST_TEST(report(two.upper, "key-xa", two.entry(2), denial).code() == "intake.status_after_end");
            continue;
        }
        for (const records::recall_row& q : {two.here(), two.there()}) {
            BOOST_TEST(q.asks == 2);
            BOOST_TEST(records::is_open(q.stands));
        }
        two.answer(2, R"({"code":"15"})");
        BOOST_TEST(two.bring_answers() == 1u);
        BOOST_TEST((two.here().stands == recall_stand::agreed));
        BOOST_TEST((two.there().stands == recall_stand::agreed));
    }
}

// Composed when the update had the row; until it is decided a recall has come.
BOOST_AUTO_TEST_CASE(an_answer_given_before_the_newest_request_was_seen_is_given_again) {
    two_ends two;
    two.ask(two.update("09:00:00"));
    two.arrive(two.update("09:00:00"));
    const auto answer = [&](std::string_view asked) {
        intake::offer o;
        o.source = intake::offer::from::ourselves;
        const auto inbox = records::reader(two.upper.store->committed()).inbox("@xa", 0, 1).value();
        o.about = {inbox.at(0).owner, inbox.at(0).document};
        o.from_inbox = true;
        const answer_packet said{.code = "15", .time = "2025/07/15 11:00:00", .description = std::string(asked)};
        net::memory_body body(said.to(two.document));
        return wait_for(two.upper.network->executor(0), two.upper.gate->accept(std::move(o), body));
    };
    two.ask(two.recall("10:00:00"));
    two.arrive(two.recall("10:00:00"));
    const auto refused = answer("Đồng ý (trả lời yêu cầu cập nhật gửi lúc 2025/07/15 09:00:00)");
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == intake::errc::request_changed));
    BOOST_TEST(records::is_open(two.there().stands));
    BOOST_TEST(answer("Đồng ý (trả lời yêu cầu thu hồi gửi lúc 2025/07/15 10:00:00)").has_value());
    BOOST_TEST((two.there().stands == recall_stand::agreed));
}

BOOST_AUTO_TEST_CASE(an_update_answered_while_a_recall_was_under_way_says_nothing_of_the_recall) {
    for (const char* said : {R"({"code":"15"})", denial}) {
        two_ends two;
        const std::string update = two.ask(two.update("09:00:00"));
        two.arrive(two.update("09:00:00"));
        const std::string recall = two.ask(two.recall("10:00:00"));
        two.answer(1, said);
        BOOST_TEST(two.bring_answers() == 1u);
        BOOST_TEST(two.sent(update).last_status == (said == denial ? "16" : "15"));
        BOOST_TEST(two.sent(two.document_id).last_status == "");
        BOOST_TEST(two.sent(recall).last_status == "");
        BOOST_TEST(two.here().recall == recall);
        BOOST_TEST(records::is_open(two.here().stands));
        two.arrive(two.recall("10:00:00"));
        two.answer(2, denial);
        BOOST_TEST(two.bring_answers() == 1u);
        BOOST_TEST((two.here().stands == recall_stand::denied));
        BOOST_TEST((two.there().stands == recall_stand::denied));
    }
}

BOOST_AUTO_TEST_CASE(a_denied_replacement_is_shown_as_such_where_a_recall_was_asked_since) {
    two_ends two;
    const std::string fresh = two.ask(two.replacement("09:00:00"));
    two.arrive(two.replacement("09:00:00"));
    const std::string recall = two.ask(two.recall("10:00:00"));
    two.answer(1, denial);
    BOOST_TEST(two.bring_answers() == 1u);
    BOOST_TEST(two.sent(fresh).answer == "16");
    BOOST_TEST(two.sent(fresh).last_status == "16");
    BOOST_TEST(two.sent(recall).last_status == "");
    BOOST_TEST(records::is_open(two.here().stands));
    two.arrive(two.recall("10:00:00"));
    two.answer(2, R"({"code":"15"})");
    BOOST_TEST(two.bring_answers() == 1u);
    BOOST_TEST((two.here().stands == recall_stand::agreed));
    BOOST_TEST(two.sent(two.document_id).last_status == "15");
    BOOST_TEST(two.sent(fresh).last_status == "16");
}

BOOST_AUTO_TEST_CASE(a_denied_replacement_stays_denied_whatever_is_answered_to_an_earlier_recall) {
    for (const bool reversed : {false, true}) {
        two_ends two;
        const std::string recall = two.ask(two.recall("09:00:00")), fresh = two.ask(two.replacement("10:00:00"));
        two.arrive(two.replacement("10:00:00"));
        two.answer(1, denial);
        two.arrive(two.recall("09:00:00"));
        two.answer(2, R"({"code":"15"})");
        BOOST_TEST(two.bring_answers(reversed) == 2u);
        for (const records::recall_row& q : {two.here(), two.there()}) {
            BOOST_TEST(q.asks == 1);
            BOOST_TEST((q.stands == recall_stand::agreed));
        }
        BOOST_TEST(two.sent(two.document_id).last_status == "15");
        BOOST_TEST(two.sent(recall).last_status == "15");
        BOOST_TEST(two.sent(fresh).last_status == "16");
    }
}

BOOST_AUTO_TEST_CASE(a_recall_that_is_answered_after_a_replacement_was_denied_says_nothing_of_that) {
    for (const bool agrees : {true, false}) {
        two_ends two;
        const std::string recall = two.ask(two.recall("09:00:00")), fresh = two.ask(two.replacement("10:00:00"));
        two.arrive(two.replacement("10:00:00"));
        two.arrive(two.recall("09:00:00")); // overtaken
        two.answer(1, denial);
        const records::recall_row before = two.there();
        two.answer(2, agrees ? R"({"code":"15"})" : denial);
        BOOST_TEST(two.bring_answers() == 2u);
        for (const records::recall_row& q : {two.here(), two.there()}) {
            BOOST_TEST(q.asks == (agrees ? 1 : 3));
            BOOST_TEST((q.stands == (agrees ? recall_stand::agreed : recall_stand::denied)));
            BOOST_TEST((q.proof == before.proof) == !agrees);
        }
        BOOST_TEST(two.sent(recall).last_status == (agrees ? "15" : "16"));
        BOOST_TEST(two.sent(fresh).last_status == "16");
    }
}

BOOST_AUTO_TEST_CASE(a_recall_that_comes_after_a_held_replacement_cancels_what_nobody_has_read) {
    for (const bool released : {true, false}) {
        two_ends two(false);
        two.ask(two.recall("09:00:00"));
        const std::string fresh = two.ask(two.replacement("10:00:00"));
        intake::policy careful;
        for (intake::action& each : careful.actions[std::size_t(intake::role::final)]) each = intake::action::hold;
        two.upper.gate->use_policy(careful);
        two.arrive(two.replacement("10:00:00"));
        BOOST_TEST((two.there().stands == recall_stand::asked));
        two.arrive(two.recall("09:00:00"));
        BOOST_TEST(two.is_cancelled(0));
        BOOST_TEST(inbox_of(two.upper, "key-xa").size() == 1u); // the document's
        BOOST_TEST((two.there().stands == recall_stand::agreed));
        BOOST_TEST(two.bring_answers() == 1u);
        BOOST_TEST((two.here().stands == recall_stand::agreed));
        BOOST_TEST(two.sent(two.document_id).last_status == "15");
        const std::string held = two.there().recall;
        const auto executor = two.upper.network->executor(0);
        intake::rerouting r(*two.upper.gate, executor);
        if (released)
            BOOST_TEST(wait_for(executor, r.release("@tinh", held, "operator")).value().placed == 1u);
        else
            BOOST_TEST(wait_for(executor, r.send_back("@tinh", held, "Ký sai", "operator")).value() == 1u);
        BOOST_TEST(inbox_of(two.upper, "key-xa").size() == (released ? 2u : 1u));
        BOOST_TEST((two.there().stands == recall_stand::agreed));
    }
}

BOOST_AUTO_TEST_CASE(an_update_and_a_recall_of_one_second_are_told_apart_by_what_the_answer_says) {
    two_ends two;
    const std::string recall = two.ask(two.recall("09:00:00")), update = two.ask(two.update("09:00:00"));
    two.arrive(two.update("09:00:00"));
    two.arrive(two.recall("09:00:00"));
    two.answer(2, denial); // on the recall
    BOOST_TEST(two.bring_answers() == 1u);
    BOOST_TEST(two.sent(recall).last_status == "16");
    BOOST_TEST(two.sent(update).last_status == "");
}

BOOST_AUTO_TEST_CASE(an_answer_to_a_recall_says_nothing_of_what_came_later_under_the_same_id) {
    for (const char* said : {R"({"code":"15"})", denial}) {
        two_ends two;
        const std::string first = two.ask(two.recall("09:00:00"));
        two.arrive(two.recall("09:00:00"));
        letter again = two.document;
        again.number = 17;
        const std::string fresh = at_hour("09:30:00", again.packet("bản khác"));
        handed_over(two.lower, "@huyen", two.ask(fresh), "h48");
        two.arrive(fresh);
        BOOST_REQUIRE(acknowledge(two.upper, "key-xa", two.entry(2)).status == 200);
        const std::string second = two.ask(two.recall("10:00:00", "công văn thu hồi"));
        two.arrive(two.recall("10:00:00", "công văn thu hồi"));
        two.answer(1, said); // on the first
        BOOST_TEST(!two.is_cancelled(2));
        BOOST_TEST(two.bring_answers() == 1u);
        BOOST_TEST(two.sent(second).last_status == "");
        BOOST_TEST(two.sent(first).last_status == (said == denial ? "16" : "15"));
        for (const records::recall_row& q : {two.here(), two.there()}) BOOST_TEST(records::is_open(q.stands));
    }
}

BOOST_AUTO_TEST_CASE(a_replacement_of_several_is_denied_for_those_that_nothing_else_was_asked_of) {
    for (const bool crossed : {false, true}) {
        two_ends two;
        letter other = two.document;
        other.number = 18;
        other.document_id = "VB-3";
        const std::string third = two.ask(other.packet("khác"));
        handed_over(two.lower, "@huyen", third, "h48");
        two.arrive(other.packet("khác"));
        BOOST_REQUIRE(acknowledge(two.upper, "key-xa", two.entry(1)).status == 200);
        const std::string both = two.replacement_of_both("09:00:00"), fresh = two.ask(both);
        two.arrive(both);
        if (crossed) two.ask(two.recall("10:00:00"));
        two.answer(2, denial);
        BOOST_TEST(two.bring_answers() == 1u);
        BOOST_TEST(two.sent(fresh).last_status == "16");
        BOOST_TEST(two.sent(third).last_status == "16");
        BOOST_TEST((two.here().stands == (crossed ? recall_stand::asked : recall_stand::denied)));
        BOOST_TEST((two.there().stands == recall_stand::denied));
    }
}

BOOST_AUTO_TEST_CASE(a_recall_of_one_of_several_replaced_leaves_the_replacement_to_be_answered) {
    for (const char* said : {R"({"code":"15"})", denial}) {
        two_ends two;
        letter other = two.document;
        other.number = 18;
        other.document_id = "VB-3";
        const std::string third = two.ask(other.packet("khác"));
        handed_over(two.lower, "@huyen", third, "h48");
        two.arrive(other.packet("khác"));
        BOOST_REQUIRE(acknowledge(two.upper, "key-xa", two.entry(1)).status == 200);
        two.ask(two.recall("09:00:00"));
        const std::string both = two.replacement_of_both("10:00:00"), fresh = two.ask(both);
        two.arrive(both);
        two.arrive(two.recall("09:00:00")); // overtaken
        two.answer(3, said);
        BOOST_TEST(two.is_cancelled(0) == (said != denial));
        two.answer(2, denial); // the replacement
        BOOST_TEST(two.bring_answers() == 2u);
        for (const records::recall_row& q : {two.here(), two.there()})
            BOOST_TEST((q.stands == (said == denial ? recall_stand::denied : recall_stand::agreed)));
        BOOST_TEST(two.sent(fresh).last_status == "16");
        BOOST_TEST(two.sent(third).last_status == "16");
    }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test
