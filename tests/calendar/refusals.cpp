// A calendar that cannot be meant is refused with the line.
#include "daemon/base/rule_file_errors.hpp"
#include "daemon/calendar/calendar.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using rule_file::errc;

namespace {
void refused(const char* text, errc code, const char* detail) {
    auto got = calendar::read_calendar(text, "c.toml");
    BOOST_REQUIRE_MESSAGE(!got.has_value(), text);
    BOOST_TEST((got.error().code == code), text << got.error().code.message());
    BOOST_TEST(got.error().detail.starts_with(detail), got.error().detail);
}
} // namespace

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused) {
    refused("[hours\n", errc::syntax, "c.toml:1:");
    refused("\ncolour = 1\n", errc::unknown_key, "c.toml:2: colour");
    refused("[hours]\nmoonday = []\n", errc::unknown_key, "c.toml:2: moonday");
    refused("[hours]\nmonday = '08:00-09:00'\n", errc::wrong_type, "c.toml:2: monday");
    refused("[hours]\nmonday = ['8:00-9:00']\n", errc::bad_value, "c.toml:2: monday");
    refused("[hours]\nmonday = ['11:00-09:00']\n", errc::bad_value, "c.toml:2: monday");
    refused("[hours]\nmonday = ['08:00-24:01']\n", errc::bad_value, "c.toml:2: monday");
    refused("[hours]\nmonday = ['08:61-09:00']\n", errc::bad_value, "c.toml:2: monday");
    refused("[hours]\nmonday = ['08:00-10:00', '09:00-11:00']\n", errc::bad_value, "c.toml:2: monday");
    refused("[hours]\n", errc::bad_value, "c.toml:1: hours: nobody");
    refused("years = [2026]\n", errc::wrong_type, "c.toml:1: years");
    refused("years = ['26']\n", errc::bad_value, "c.toml:1: years");
    refused("[[holiday]]\nname = 'x'\n", errc::bad_value, "c.toml:1: from");
    refused("[[holiday]]\nfrom = '2026-01-01'\n", errc::wrong_type, "c.toml:2: from");
    refused("[[holiday]]\nfrom = 2026-01-02\nto = 2026-01-01\n", errc::bad_value, "c.toml:3: to");
    refused("[[holiday]]\nfrom = 2026-01-02\nto = 2027-01-03\n", errc::bad_value, "c.toml:3: to");
    refused("[[holiday]]\nfrom = 2026-01-02\n[[holiday]]\nfrom = 2026-01-02\n", errc::bad_value, "c.toml:4: from");
    refused("[[holiday]]\nfrom = 2026-01-02\nkind = 'x'\n", errc::unknown_key, "c.toml:3: kind");
    refused("[[working_day]]\nas = 'monday'\n", errc::bad_value, "c.toml:1: day");
    refused("[[working_day]]\nday = 2026-01-03\n", errc::bad_value, "c.toml:1: as");
    refused("[[working_day]]\nday = 2026-01-03\nas = 'mon'\n", errc::bad_value, "c.toml:3: as");
    refused("[[working_day]]\nday = 2026-01-03\nas = 'sunday'\n", errc::bad_value, "c.toml:3: as");
    refused("[[holiday]]\nfrom = 2026-01-03\n[[working_day]]\nday = 2026-01-03\nas = 'monday'\n", errc::bad_value,
            "c.toml:4: day");
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_the_usual_week) {
    auto c = calendar::read_calendar("", "c.toml");
    BOOST_REQUIRE(c.has_value());
    const calendar::day monday = std::chrono::local_days(std::chrono::year(2026) / 3 / 2);
    BOOST_TEST(c->is_working_day(monday));
    BOOST_TEST(!c->is_working_day(monday - std::chrono::days(1)));
    BOOST_TEST(c->hours_of(monday).size() == 2u);
}
