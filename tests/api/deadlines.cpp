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
