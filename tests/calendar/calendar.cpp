// Deadlines fall where a clerk with a wall calendar would put them.
#include "daemon/base/files.hpp"
#include "daemon/calendar/duties.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::calendar;
using namespace std::chrono_literals;
using std::chrono::year_month_day;

namespace {

const office_calendar& sample() {
    static const office_calendar c =
        read_calendar(read_text_file(VANTHU_CONF "/calendar.toml").value(), "calendar.toml").value();
    return c;
}
timestamp at(const char* text) { return from_rfc3339(std::string(text) + "+07:00").value(); }
std::string shown(timestamp t) { return to_rfc3339_vietnam(t).substr(0, 16); }
year_month_day on(int y, unsigned m, unsigned d) {
    return {std::chrono::year(y), std::chrono::month(m), std::chrono::day(d)};
}
std::string sent(int y, unsigned m, unsigned d, bool urgent = false) {
    return shown(send_by(sample(), {}, on(y, m, d), at("2026-03-03T10:00:00"), urgent));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_document_is_sent_by_the_end_of_the_next_working_morning) {
    BOOST_TEST(sent(2026, 3, 3) == "2026-03-04T11:30");   // Tuesday → Wednesday
    BOOST_TEST(sent(2026, 3, 6) == "2026-03-09T11:30");   // Friday → Monday
    BOOST_TEST(sent(2026, 3, 7) == "2026-03-09T11:30");   // signed on a Saturday
    BOOST_TEST(sent(2026, 2, 13) == "2026-02-23T11:30");  // the day before Tết
    BOOST_TEST(sent(2026, 8, 21) == "2026-08-22T11:30");  // Friday → the Saturday worked for the holiday
    BOOST_TEST(sent(2026, 4, 29) == "2026-05-04T11:30");  // two holidays and a weekend
    BOOST_TEST(sent(2026, 12, 31) == "2027-01-01T11:30"); // nobody has said anything about 2027
    BOOST_TEST(!sample().knows(std::chrono::year(2027)));
    BOOST_TEST(sample().knows(std::chrono::year(2026)));
}

BOOST_AUTO_TEST_CASE(without_a_date_of_signing_the_day_of_handing_in_counts) {
    BOOST_TEST(shown(send_by(sample(), {}, std::nullopt, at("2026-03-06T23:30:00"), false)) == "2026-03-09T11:30");
    BOOST_TEST(shown(send_by(sample(), {}, on(2026, 2, 31), at("2026-03-06T23:30:00"), false)) == "2026-03-09T11:30");
    // Just after midnight in Viet Nam it is still yesterday in UTC.
    BOOST_TEST(shown(send_by(sample(), {}, std::nullopt, at("2026-03-03T00:10:00"), false)) == "2026-03-04T11:30");
}

BOOST_AUTO_TEST_CASE(what_is_urgent_is_sent_at_once_and_registered_at_once_when_people_are_there) {
    BOOST_TEST(sent(2026, 3, 3, true) == "2026-03-03T10:30");
    BOOST_TEST(shown(registered_by(sample(), {}, at("2026-03-03T11:20:00"), true)) == "2026-03-03T13:50");
    BOOST_TEST(shown(registered_by(sample(), {}, at("2026-03-06T20:00:00"), true)) == "2026-03-09T08:00");
}

BOOST_AUTO_TEST_CASE(an_arrival_is_told_on_its_day_and_registered_by_the_end_of_the_next) {
    BOOST_TEST(shown(arrived_by(sample(), at("2026-03-03T08:00:00"))) == "2026-03-03T17:00");
    BOOST_TEST(shown(arrived_by(sample(), at("2026-03-03T12:00:00"))) == "2026-03-03T17:00"); // in the noon break
    BOOST_TEST(shown(arrived_by(sample(), at("2026-03-03T17:00:00"))) == "2026-03-04T17:00"); // work has ended
    BOOST_TEST(shown(arrived_by(sample(), at("2026-02-14T09:00:00"))) == "2026-02-23T17:00");
    BOOST_TEST(shown(registered_by(sample(), {}, at("2026-03-03T08:00:00"), false)) == "2026-03-04T17:00");
    BOOST_TEST(shown(registered_by(sample(), {}, at("2026-03-05T18:00:00"), false)) == "2026-03-09T17:00");
}

BOOST_AUTO_TEST_CASE(a_due_date_ends_with_its_working_day_or_the_next_one) {
    auto due = [](int y, unsigned m, unsigned d) { return shown(replied_by(sample(), on(y, m, d))); };
    BOOST_TEST(due(2026, 3, 6) == "2026-03-06T17:00");  // Friday
    BOOST_TEST(due(2026, 3, 7) == "2026-03-09T17:00");  // Saturday → Monday
    BOOST_TEST(due(2026, 2, 16) == "2026-02-23T17:00"); // Tết
    BOOST_TEST(due(2026, 8, 22) ==
               shown(sample().end_of_working_day(at("2026-08-22T08:00:00")))); // worked for a holiday
}

BOOST_AUTO_TEST_CASE(time_at_work_passes_only_at_work) {
    BOOST_TEST(shown(sample().after(at("2026-03-03T08:00:00"), 1h)) == "2026-03-03T09:00");
    BOOST_TEST(shown(sample().after(at("2026-03-03T11:00:00"), 1h)) == "2026-03-03T14:00");
    BOOST_TEST(shown(sample().after(at("2026-03-03T16:00:00"), 4h)) == "2026-03-04T10:30");
    BOOST_TEST(shown(sample().after(at("2026-03-06T18:00:00"), 4h)) == "2026-03-09T11:30");
    BOOST_TEST(shown(sample().after(at("2026-02-13T16:00:00"), 8h)) == "2026-02-23T16:30");
    BOOST_TEST(shown(sample().after(at("2026-03-03T10:00:00"), 0h)) == "2026-03-03T10:00");
}

BOOST_AUTO_TEST_CASE(a_breach_is_seen_before_it_happens) {
    const timestamp by = at("2026-03-09T11:30:00"); // Monday
    auto seen = [&](const char* now) { return stands(sample(), {}, by, std::nullopt, at(now)); };
    BOOST_TEST((seen("2026-03-06T14:00:00") == standing::open));
    BOOST_TEST((seen("2026-03-08T12:00:00") == standing::open)); // a Sunday; four hours of work are left
    BOOST_TEST((seen("2026-03-09T09:29:00") == standing::open));
    BOOST_TEST((seen("2026-03-09T09:30:00") == standing::soon));
    BOOST_TEST((seen("2026-03-09T11:30:00") == standing::soon));
    BOOST_TEST((seen("2026-03-09T11:30:01") == standing::late));
    BOOST_TEST((stands(sample(), {}, by, by, at("2026-03-10T08:00:00")) == standing::met));
    BOOST_TEST((stands(sample(), {}, by, by + 1s, at("2026-03-10T08:00:00")) == standing::met_late));
}

BOOST_AUTO_TEST_CASE(a_calendar_without_an_end_of_holidays_still_answers) {
    std::string text = "[hours]\nmonday = [\"08:00-09:00\"]\n";
    int month = 1;
    for (int year = 2026; year <= 2028; ++year)
        for (month = 1; month <= 12; ++month) {
            const auto last =
                std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) / std::chrono::last;
            text += "[[holiday]]\nfrom = " + std::to_string(year) + (month < 10 ? "-0" : "-") + std::to_string(month) +
                    "-01\nto = " + std::to_string(year) + (month < 10 ? "-0" : "-") + std::to_string(month) + "-" +
                    std::to_string(static_cast<unsigned>(last.day())) + "\n";
        }
    auto c = read_calendar(text, "c.toml");
    BOOST_REQUIRE_MESSAGE(c.has_value(), (c ? "" : c.error().detail));
    BOOST_TEST((c->after(at("2026-01-05T08:00:00"), 1h) <= at("2028-01-01T00:00:00")));
    BOOST_TEST((c->end_of_working_day(at("2026-01-05T08:00:00")) <= at("2028-01-01T00:00:00")));
}
