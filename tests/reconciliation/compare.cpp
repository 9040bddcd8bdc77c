// Two lists in, findings out.
#include "daemon/reconciliation/compare.hpp"

#include "daemon/reconciliation/errors.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::reconciliation;
using records::state;

namespace {

const timestamp now = *from_rfc3339("2026-03-06T10:00:00+07:00"); // a Friday

our_packet handed_over() {
    our_packet p{.packet_sha256 = sha256::of("p"),
                 .owner = "@a",
                 .document = "d",
                 .label = "15/CV",
                 .content_sha256 = sha256::of("c"),
                 .state_now = state::delivered,
                 .receipt = true};
    p.recipients = {{.code = "X", .state_now = state::delivered}};
    return p;
}
peer::packet_stand stands(std::string what, std::string reason = {}) {
    peer::recipient_stand r{.recipient = "X", .state = std::move(what), .reason = std::move(reason), .at = 1};
    r.entries = r.state == "kept";
    r.acked_at = 1;
    return {sha256::of("p"), true, sha256::of("c"), {r}};
}
peer::packet_stand unknown() { return {sha256::of("p"), false, {}, {}}; }
rules usual() { return {.now = now, .office = std::make_shared<const calendar::office>()}; }

finding only(const our_packet& ours, const peer::packet_stand& theirs, const rules& r = usual()) {
    auto found = compare({ours}, {theirs}, r);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    for (bool vi : {true, false}) {
        const std::string text = sentence(found[0], "Tỉnh (h48)", vi);
        BOOST_TEST(!text.empty());
        BOOST_TEST(text.find('{') == std::string::npos, text);
    }
    return found[0];
}
bool nothing(const our_packet& ours, const peer::packet_stand& theirs, const rules& r = usual()) {
    return compare({ours}, {theirs}, r).empty();
}

} // namespace

BOOST_AUTO_TEST_SUITE(comparing)

BOOST_AUTO_TEST_CASE(confirmed_is_what_both_sides_say_alike_and_nothing_more_is_to_come_of) {
    our_packet ours = handed_over();
    BOOST_TEST(!is_confirmed(ours, unknown()));
    for (const char* state : {"kept", "handed_on", "waiting", "teleported"})
        BOOST_TEST(!is_confirmed(ours, stands(state)), state); // nobody has said that it has arrived
    ours.recipients[0].statuses = {"01"};
    auto with = [](std::string state, std::string status) {
        peer::packet_stand p = stands(std::move(state));
        p.recipients[0].last_status = std::move(status);
        return p;
    };
    BOOST_TEST(is_confirmed(ours, with("kept", "01")));
    BOOST_TEST(is_confirmed(ours, with("handed_on", "01")));
    BOOST_TEST(!is_confirmed(ours, with("kept", "03"))); // has not come yet
    BOOST_TEST(!is_confirmed(ours, with("parked", "01")));
    auto changed = [&](auto change) {
        peer::packet_stand p = with("kept", "01");
        change(p);
        return is_confirmed(ours, p);
    };
    BOOST_TEST(!changed([](auto& p) { p.recipients[0].acked_at = 0; }));
    BOOST_TEST(!changed([](auto& p) { p.recipients[0].entries = 2; }));
    BOOST_TEST(!changed([](auto& p) { p.content_sha256 = sha256::of("x"); }));
    BOOST_TEST(!changed([](auto& p) { p.recipients.clear(); }));
    ours.state_now = state::deferred;
    BOOST_TEST(!is_confirmed(ours, with("kept", "01")));
    ours = handed_over();
    ours.kind = "status"; // nobody answers it
    BOOST_TEST(is_confirmed(ours, stands("kept")));
    BOOST_TEST(is_confirmed(ours, stands("handed_on")));
    BOOST_TEST(!is_confirmed(ours, stands("parked")));
    ours = handed_over();
    ours.recipients[0].state_now = state::recalled;
    BOOST_TEST(is_confirmed(ours, stands("cancelled")));
    BOOST_TEST(!is_confirmed(ours, stands("kept")));
}

BOOST_AUTO_TEST_CASE(what_both_sides_say_alike_is_no_finding) {
    for (const char* state : {"kept", "handed_on", "waiting", "refused", "cancelled", "teleported"})
        BOOST_TEST(nothing(handed_over(), stands(state)), state);
}

BOOST_AUTO_TEST_CASE(a_receipt_here_and_nothing_there_is_a_loss_and_is_sent_again) {
    finding f = only(handed_over(), unknown());
    BOOST_TEST((f.kind == finding_kind::lost_there && f.mends == remedy::send_again && f.why_not == withheld::no));
}

BOOST_AUTO_TEST_CASE(what_its_recipient_has_answered_or_its_sender_has_taken_back_is_not_sent_again) {
    our_packet p = handed_over();
    p.recipients[0].statuses = {"01"};
    BOOST_TEST((only(p, unknown()).why_not == withheld::answered));
    p = handed_over();
    p.recipients[0].state_now = state::recalled;
    BOOST_TEST((only(p, unknown()).why_not == withheld::ended));
    p = handed_over(); // one envelope for two, one taken back
    p.recipients.push_back({.code = "Y", .state_now = state::recalled});
    BOOST_TEST((only(p, unknown()).why_not == withheld::ended));
    p.recipients[1] = {.code = "Y", .state_now = state::delivered, .statuses = {"01"}};
    BOOST_TEST((only(p, unknown()).why_not == withheld::no)); // the other one still waits for it
}

BOOST_AUTO_TEST_CASE(repairs_are_bounded_and_can_be_left_out) {
    our_packet p = handed_over();
    p.repairs = 3;
    BOOST_TEST((only(p, unknown()).why_not == withheld::given_up));
    rules list_only = usual();
    list_only.repair = false;
    BOOST_TEST((only(handed_over(), unknown(), list_only).why_not == withheld::not_asked));
}

BOOST_AUTO_TEST_CASE(an_earlier_envelope_is_listed_and_never_sent_again) {
    our_packet p = handed_over();
    p.current = false;
    p.recipients.clear();
    BOOST_TEST((only(p, unknown()).kind == finding_kind::lost_there));
    BOOST_TEST((only(p, unknown()).why_not == withheld::earlier_envelope));
    p.receipt = false;
    BOOST_TEST((only(p, unknown()).kind == finding_kind::earlier_unknown));
    peer::packet_stand there = stands("kept");
    there.recipients.clear();
    BOOST_TEST(nothing(p, there));
}

BOOST_AUTO_TEST_CASE(what_waits_here_and_stands_there_is_tried_now) {
    our_packet p = handed_over();
    p.receipt = false;
    for (state s : {state::waiting, state::deferred, state::parked}) {
        p.state_now = p.recipients[0].state_now = s;
        finding f = only(p, stands("kept"));
        BOOST_TEST((f.kind == finding_kind::known_there && f.mends == remedy::try_now));
        BOOST_TEST(nothing(p, unknown())); // it has not come to that yet
    }
    p.attempt_open = true;
    BOOST_TEST(nothing(p, stands("kept")));
}

BOOST_AUTO_TEST_CASE(a_missing_notice_is_taken_over) {
    for (auto [there, kind] :
         {std::pair("returned", "returned"), std::pair("expired", "expired"), std::pair("recalled", "recalled")}) {
        our_packet ours = handed_over();
        ours.recipients[0].asked_back = std::string_view(there) == "recalled";
        finding f = only(ours, stands(there, "x.y"));
        BOOST_TEST((f.kind == finding_kind::notice_missing && f.mends == remedy::take_notice));
        BOOST_TEST(f.notice_kind == kind);
    }
    finding f = only(handed_over(), stands("parked", "intake.x"));
    BOOST_TEST((f.notice_kind == "parked" && f.notice_code == "intake.x"));
    our_packet p = handed_over();
    p.recipients[0].reason_beyond = "intake.x"; // as it was told
    BOOST_TEST(nothing(p, stands("parked", "intake.x")));
    BOOST_TEST(only(p, stands("kept")).notice_kind == "kept");
    BOOST_TEST(only(p, stands("handed_on")).notice_kind == "accepted");
    p = handed_over();
    p.recipients[0].state_now = state::refused;
    BOOST_TEST(nothing(p, stands("returned")));
}

BOOST_AUTO_TEST_CASE(a_claim_ends_nothing_that_has_ended_that_is_there_or_that_nobody_asked_for) {
    finding f = only(handed_over(), stands("recalled"));
    BOOST_TEST((f.mends == remedy::none && f.why_not == withheld::unasked));
    for (const char* claim : {"returned", "expired", "recalled"}) {
        for (const char* status : {"01", "03", "06"}) {
            our_packet p = handed_over();
            p.recipients[0].asked_back = true;
            p.recipients[0].statuses = {status};
            f = only(p, stands(claim));
            BOOST_TEST((f.mends == remedy::none && f.why_not == withheld::answered), claim << " " << status);
        }
        for (state ended : {state::refused, state::expired, state::recalled}) {
            our_packet p = handed_over();
            p.recipients[0].asked_back = true;
            p.recipients[0].state_now = ended;
            BOOST_TEST(nothing(p, stands(claim)));
        }
    }
    our_packet refused = handed_over(); // its eOffice has refused it: that is no sign that it keeps it
    refused.recipients[0].statuses = {"02"};
    BOOST_TEST((only(refused, stands("returned")).mends == remedy::take_notice));
}

BOOST_AUTO_TEST_CASE(what_has_only_just_changed_is_still_under_way) {
    auto there = stands("returned");
    there.recipients[0].at = to_us(now) - 1'000'000;
    BOOST_TEST(nothing(handed_over(), there));
    there.recipients[0].at = to_us(now + std::chrono::hours(48)); // a wrong clock does not put it off for ever
    BOOST_TEST((only(handed_over(), there).kind == finding_kind::notice_missing));
}

BOOST_AUTO_TEST_CASE(ended_here_and_kept_there_is_told_of_only) {
    our_packet p = handed_over();
    p.state_now = p.recipients[0].state_now = state::expired;
    p.receipt = false;
    finding f = only(p, stands("kept"));
    BOOST_TEST((f.kind == finding_kind::ended_here && f.mends == remedy::none));
    BOOST_TEST(nothing(p, unknown()));
}

BOOST_AUTO_TEST_CASE(not_fetched_is_counted_in_working_time) {
    auto there = stands("kept");
    there.recipients[0].acked_at = 0;
    there.recipients[0].at = to_us(now - std::chrono::hours(2)); // 08:00, two hours at work
    BOOST_TEST(nothing(handed_over(), there));
    there.recipients[0].at = to_us(now - std::chrono::hours(16)); // the evening before: the same two and a half
    BOOST_TEST(nothing(handed_over(), there));
    there.recipients[0].at = to_us(now - std::chrono::hours(24));
    BOOST_TEST((only(handed_over(), there).kind == finding_kind::not_fetched));
    there.recipients[0].fetched_at = 1;
    BOOST_TEST(nothing(handed_over(), there));
    there.recipients[0] = stands("kept").recipients[0];
    there.recipients[0].acked_at = 0;
    there.recipients[0].at = INT64_MAX;
    BOOST_TEST(nothing(handed_over(), there));
}

BOOST_AUTO_TEST_CASE(double_and_missing_entries_other_recipients_and_other_content_are_found) {
    auto there = stands("kept");
    there.recipients[0].entries = 2;
    BOOST_TEST((only(handed_over(), there).kind == finding_kind::double_there));
    there.recipients[0].entries = 0;
    BOOST_TEST((only(handed_over(), there).kind == finding_kind::entry_missing));
    there.recipients.clear();
    BOOST_TEST((only(handed_over(), there).kind == finding_kind::recipients_differ));
    there = stands("kept");
    there.content_sha256 = sha256::of("other");
    BOOST_TEST((only(handed_over(), there).kind == finding_kind::content_differs));
    there = stands("kept");
    there.recipients[0].last_status = "03";
    there.recipients[0].last_status_at = 1;
    BOOST_TEST((only(handed_over(), there).kind == finding_kind::status_missing));
    our_packet p = handed_over();
    p.recipients[0].statuses = {"03"};
    BOOST_TEST(nothing(p, there));
}

BOOST_AUTO_TEST_CASE(what_is_there_and_not_on_record_here_is_found) {
    std::vector<peer::listed_packet> listed(2);
    listed[0].packet_sha256 = sha256::of("p");
    listed[1].packet_sha256 = sha256::of("q");
    listed[1].number = "16";
    listed[1].notation = "CV";
    auto found = compare_listed(listed, {sha256::of("p")});
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST((found[0].kind == finding_kind::not_on_record_here && found[0].label == "16/CV"));
    BOOST_TEST(!sentence(found[0], "h48", true).empty());
}

BOOST_AUTO_TEST_CASE(an_answer_to_another_question_is_not_believed) {
    const std::vector<our_packet> asked{handed_over()};
    BOOST_TEST(check_answer(asked, {stands("kept")}).has_value());
    auto other = stands("kept");
    other.packet_sha256 = sha256::of("q");
    auto twice = stands("kept");
    twice.recipients.push_back(twice.recipients[0]);
    auto stranger = stands("kept");
    stranger.recipients[0].recipient = "Z";
    const std::vector<std::vector<peer::packet_stand>> wrong{
        {}, {other}, {twice}, {stranger}, {stands("kept"), stands("kept")}};
    for (const auto& answer : wrong)
        BOOST_TEST((check_answer(asked, answer).error().code == reconciliation::errc::answer_unfit));
}

BOOST_AUTO_TEST_SUITE_END()
