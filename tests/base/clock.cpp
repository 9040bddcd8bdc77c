#include "daemon/base/clock.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;

BOOST_AUTO_TEST_CASE(edxml_times_are_read_as_vietnam_time) {
    auto t = from_edxml_time("2025/07/15 16:20:05");
    BOOST_REQUIRE(t.has_value());
    BOOST_TEST(to_rfc3339(*t) == "2025-07-15T09:20:05.000000Z");
    BOOST_TEST(to_edxml_time(*t) == "2025/07/15 16:20:05");
    BOOST_TEST(to_rfc3339_vietnam(*t) == "2025-07-15T16:20:05+07:00");
}

BOOST_AUTO_TEST_CASE(rfc3339_reads_offsets_and_fractions) {
    BOOST_TEST(to_us(*from_rfc3339("2025-07-15T16:20:05.5+07:00")) == to_us(*from_rfc3339("2025-07-15T09:20:05.500000Z")));
    for (const char* wrong : {"2025-07-15", "2025-13-01T00:00:00Z", "2025-07-15T09:20:05", "2025-07-15T09:20:05.Z", "2025-07-15T09:20:05Zx"})
        BOOST_TEST(!from_rfc3339(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_CASE(impossible_dates_are_refused) {
    BOOST_TEST(from_edxml_date("2024/02/29").has_value());
    BOOST_TEST(!from_edxml_date("2025/02/29").has_value());
    BOOST_TEST(!from_edxml_date("15/07/2025").has_value());
}

BOOST_AUTO_TEST_CASE(every_number_of_a_time_is_written_with_its_zeros) {
    for (const char* text : {"0001-02-03T04:05:06.000007Z", "1969-12-31T23:59:59.999999Z", "9999-12-31T00:00:00.100000Z"})
        BOOST_TEST(to_rfc3339(*from_rfc3339(text)) == text);
    BOOST_TEST(to_rfc3339_vietnam(*from_rfc3339("1999-12-31T17:00:09Z")) == "2000-01-01T00:00:09+07:00");
    BOOST_TEST(to_rfc3339_vietnam(*from_rfc3339("9999-12-31T17:00:00Z")) == "10000-01-01T00:00:00+07:00");
}
