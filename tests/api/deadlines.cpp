// The ladder says what the law wants by when, and whether it was done.
#include "daemon/api/deadlines.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace vanthu;
using records::event_row;

namespace {

timestamp at(const char* text) { return from_rfc3339(std::string(text) + "+07:00").value(); }

struct case_file {
    records::document_row document;
    records::consignment_row consignment;
    std::vector<event_row> events;

    case_file() { // signed on Tuesday, 3 March 2026, handed in that afternoon
        document.identity.date = "2026/03/03";
        document.received_at = to_us(at("2026-03-03T15:00:00"));
        consignment.recipient_code = "H48.99.01";
    }
    void add(const char* kind, const char* code, const char* when, const char* claimed = nullptr) {
        event_row e;
        e.recipient = "H48.99.01";
        e.kind = kind, e.code = code;
        e.at = to_us(at(when));
        if (claimed) e.claimed_at = to_us(at(claimed));
        events.push_back(e);
    }
    // "sent=late arrived=met", the order as shown.
    std::string seen(const char* now) const {
        std::string all;
        for (const auto& each : api::deadlines(document, consignment, events, {}, at(now)))
            all += (all.empty() ? "" : " ") + std::string(each.at("duty").as_string()) + "=" +
                   std::string(each.at("state").as_string());
        return all;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(deadlines)

BOOST_AUTO_TEST_CASE(what_waits_here_becomes_due_and_overdue) {
    case_file f;
    BOOST_TEST(f.seen("2026-03-03T15:01:00") == "sent=open");
    BOOST_TEST(f.seen("2026-03-04T10:00:00") == "sent=soon");
    BOOST_TEST(f.seen("2026-03-04T11:31:00") == "sent=late");
    f.add("deferred", "peer.unreachable", "2026-03-03T15:01:00");
    BOOST_TEST(f.seen("2026-03-04T11:31:00") == "sent=late");
    f.add("handed_over", "", "2026-03-04T13:00:00");
    BOOST_TEST(f.seen("2026-03-04T14:00:00") == "sent=met_late");
}

BOOST_AUTO_TEST_CASE(the_recipients_duties_begin_when_its_node_has_kept_the_document) {
    case_file f;
    f.add("handed_over", "", "2026-03-03T15:01:00");
    BOOST_TEST(f.seen("2026-03-04T14:00:00") == "sent=met");
    f.add("notice", "kept", "2026-03-03T15:02:00");
    BOOST_TEST(f.seen("2026-03-03T15:30:00") == "sent=met arrived=soon registered=open");
    BOOST_TEST(f.seen("2026-03-03T17:01:00") == "sent=met arrived=late registered=open");
    f.add("status", "01", "2026-03-04T08:00:00", "2026-03-03T16:00:00"); // told on the day, the news came later
    f.add("status", "03", "2026-03-05T08:00:00");
    BOOST_TEST(f.seen("2026-03-06T08:00:00") == "sent=met arrived=met registered=met_late");
}

BOOST_AUTO_TEST_CASE(what_was_handed_straight_to_the_recipients_node_needs_no_further_news) {
    case_file f;
    f.add("handed_over", "kept", "2026-03-03T15:01:00"); // by that node's receipt
    BOOST_TEST(f.seen("2026-03-03T15:30:00") == "sent=met arrived=soon registered=open");
}

BOOST_AUTO_TEST_CASE(a_claim_about_the_future_proves_nothing) {
    case_file f;
    f.add("kept", "", "2026-03-03T15:02:00");
    f.add("status", "01", "2026-03-04T08:00:00", "2027-01-01T00:00:00");
    BOOST_TEST(f.seen("2026-03-04T09:00:00") == "sent=met arrived=met_late registered=open");
}

BOOST_AUTO_TEST_CASE(an_urgent_document_is_due_at_once) {
    case_file f;
    f.document.priority = 3;
    BOOST_TEST(f.seen("2026-03-03T15:29:00") == "sent=soon");
    BOOST_TEST(f.seen("2026-03-03T15:31:00") == "sent=late");
}

BOOST_AUTO_TEST_CASE(a_due_date_is_a_duty_until_the_document_is_dealt_with) {
    case_file f;
    f.document.previous_node = "h48";
    f.document.due_date = "2026/03/07";              // a Saturday: Monday's
    BOOST_TEST(f.seen("2026-03-06T15:00:00") == ""); // it has not arrived
    f.add("kept", "", "2026-03-03T15:02:00");
    f.add("status", "01", "2026-03-03T15:30:00");
    f.add("status", "03", "2026-03-03T16:00:00");
    const std::string before = "arrived=met registered=met ";
    BOOST_TEST(f.seen("2026-03-06T16:59:00") == before + "replied=open");
    BOOST_TEST(f.seen("2026-03-08T12:00:00") == before + "replied=open");
    BOOST_TEST(f.seen("2026-03-09T15:00:00") == before + "replied=soon");
    BOOST_TEST(f.seen("2026-03-09T17:00:01") == before + "replied=late");
    f.add("status", "06", "2026-03-10T08:00:00", "2026-03-09T16:00:00");
    BOOST_TEST(f.seen("2026-03-10T09:00:00") == before + "replied=met");
    for (const char* none : {"", "tuần sau", "2026/02/31"}) {
        f.document.due_date = none;
        BOOST_TEST(f.seen("2026-03-10T09:00:00") == "arrived=met registered=met", none);
    }
    f.document.due_date = "2026/03/07";
    f.consignment.last_status = "02"; // refused: nobody deals with it
    BOOST_TEST(f.seen("2026-03-10T09:00:00").find("replied") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_asks_for_an_answer_is_not_registered_and_what_was_given_back_has_no_duties_left) {
    case_file request;
    request.document.previous_node = "h48";
    request.document.target = "VB-1";
    request.consignment.asked_back = true;
    request.add("kept", "", "2026-03-03T15:02:00");
    BOOST_TEST(request.seen("2026-03-03T15:03:00") == "arrived=soon");
    request.consignment.asked_back = false; // an update that adds this recipient: to it, a document
    BOOST_TEST(request.seen("2026-03-03T15:03:00") == "arrived=soon registered=open");
    case_file given_back;
    given_back.document.previous_node = "h48";
    given_back.add("kept", "", "2026-03-03T15:02:00");
    given_back.add("status", "01", "2026-03-03T15:30:00");
    given_back.consignment.last_status = "15";
    BOOST_TEST(given_back.seen("2026-03-09T08:00:00") == "arrived=met");
}

BOOST_AUTO_TEST_CASE(an_entry_says_what_it_still_wants) {
    records::document_row d;
    d.due_date = "2026/03/10";
    records::inbox_row e;
    e.created_at = to_us(at("2026-03-06T09:00:00")); // a Friday
    records::consignment_row c;
    const records::consignment_row* given = nullptr;
    auto seen = [&](const char* now) {
        std::string all;
        for (const auto& each : api::entry_deadlines(e, d, given, {}, at(now))) {
            BOOST_TEST(each.at("done_at").is_null());
            all += (all.empty() ? "" : " ") + std::string(each.at("duty").as_string()) + "=" +
                   std::string(each.at("state").as_string());
        }
        return all;
    };
    BOOST_TEST(seen("2026-03-06T14:00:00") == "arrived=open registered=open replied=open");
    BOOST_TEST(seen("2026-03-06T15:00:00") == "arrived=soon registered=open replied=open");
    BOOST_TEST(seen("2026-03-08T12:00:00") == "arrived=late registered=open replied=open");
    e.acked_at = to_us(at("2026-03-08T12:00:00"));
    e.last_status = "01";
    BOOST_TEST(seen("2026-03-09T15:00:00") == "registered=soon replied=open");
    BOOST_TEST(seen("2026-03-10T08:00:00") == "registered=late replied=open");
    e.last_status = "03";
    BOOST_TEST(seen("2026-03-10T15:00:00") == "replied=soon");
    c.statuses = {{"01", 1, 1}, {"03", 2, 2}, {"06", 3, 3}, {"16", 4, 4}}; // the newest is not all
    e.last_status = "16";
    given = &c;
    BOOST_TEST(seen("2026-03-10T15:00:00") == "");
    given = nullptr;
    e.last_status = "02";
    BOOST_TEST(seen("2026-03-10T15:00:00") == "");
    e.last_status = "01";
    e.cancelled_at = 1;
    BOOST_TEST(seen("2026-03-10T15:00:00") == "");
    e = {};
    e.kind = records::document_kind::status;
    BOOST_TEST(seen("2026-03-10T15:00:00") == "");
}

BOOST_AUTO_TEST_CASE(who_only_carries_it_on_and_what_has_ended_has_no_deadlines) {
    case_file carried;
    carried.document.previous_node = "h48";
    carried.add("handed_over", "", "2026-03-03T15:01:00");
    BOOST_TEST(carried.seen("2026-03-09T08:00:00") == "");
    case_file returned;
    returned.consignment.state_now = records::state::refused;
    BOOST_TEST(returned.seen("2026-03-09T08:00:00") == "");
    case_file status;
    status.document.kind = records::document_kind::status;
    BOOST_TEST(status.seen("2026-03-09T08:00:00") == "");
    case_file refused; // by the recipient: nobody waits for the number in its book
    refused.add("kept", "", "2026-03-03T15:02:00");
    refused.add("status", "02", "2026-03-03T16:00:00");
    BOOST_TEST(refused.seen("2026-03-09T08:00:00") == "sent=met arrived=met registered=met");
}

BOOST_AUTO_TEST_CASE(texts_are_in_both_languages_and_in_local_time) {
    case_file f;
    auto all = api::deadlines(f.document, f.consignment, f.events, {}, at("2026-03-04T11:31:00"));
    BOOST_TEST(all.at(0).at("text_vi").as_string() == "Gửi đi trước 04/03/2026 11:30:00: đã quá hạn.");
    BOOST_TEST(all.at(0).at("text_en").as_string() == "Sent by 04/03/2026 11:30:00: overdue.");
    BOOST_TEST(all.at(0).at("by").as_string() == "2026-03-04T04:30:00.000000Z");
    BOOST_TEST(all.at(0).at("done_at").is_null());
}

BOOST_AUTO_TEST_SUITE_END()
