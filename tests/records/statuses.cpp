// Statuses come late, twice and out of order; what they amount to depends on what was said and when, not on the order
// of arrival.
#include "daemon/records/statuses.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

using namespace vanthu::records;

namespace {
struct said {
    std::string code;
    std::int64_t at;
    auto operator<=>(const said&) const = default;
};
std::string last_after(const std::vector<said>& all, bool asked_back = false) {
    consignment_row c;
    if (asked_back) ask_back(c);
    for (const said& s : all) add_status(c, s.code, s.at);
    return c.last_status;
}
status_fault fault_after(const std::vector<said>& all, std::string_view code, std::int64_t at) {
    consignment_row c;
    for (const said& s : all) add_status(c, s.code, s.at);
    return fault_of(c, code, at);
}
} // namespace

BOOST_AUTO_TEST_SUITE(statuses)

BOOST_AUTO_TEST_CASE(every_order_of_arrival_ends_in_the_same_state) {
    const std::vector<std::pair<std::vector<said>, std::string>> histories{
        {{{"01", 1}, {"03", 2}, {"04", 3}, {"05", 4}, {"06", 5}}, "06"},
        {{{"01", 1}, {"03", 2}, {"05", 3}, {"03", 2}, {"05", 4}}, "05"}, // doubled
        {{{"01", 1}, {"02", 2}}, "02"},
        {{{"01", 1}, {"03", 2}, {"13", 3}, {"15", 4}}, "15"},
        {{{"01", 1}, {"03", 2}, {"13", 3}, {"16", 4}, {"05", 5}}, "16"},
        {{{"01", 1}, {"03", 2}, {"13", 3}, {"16", 4}, {"15", 6}}, "15"},
        {{{"01", 1}, {"07", 2}, {"08", 2}}, "01"},
        {{{"07", 2}, {"08", 2}, {"99", 1}}, "08"},
        // Nonsense of a partner: a refusal of what it already processed, processing of what it refused, an answer to
        // nothing.
        {{{"01", 1}, {"03", 2}, {"06", 3}, {"02", 4}}, "06"},
        {{{"01", 1}, {"02", 2}, {"03", 3}, {"06", 4}}, "02"},
        {{{"01", 1}, {"03", 2}, {"15", 3}}, "03"},
        {{{"01", 1}, {"03", 2}, {"16", 3}, {"15", 3}}, "03"},
    };
    for (const auto& [history, expected] : histories) {
        std::vector<said> order = history;
        std::ranges::sort(order);
        do {
            BOOST_TEST(last_after(order) == expected);
        } while (std::ranges::next_permutation(order).found);
    }
}

BOOST_AUTO_TEST_CASE(any_statuses_at_all_end_in_the_same_state_in_any_order) {
    std::mt19937 random(20250715);
    const std::vector<std::string> codes{"01", "02", "03", "04", "05", "06", "07", "13", "15", "16", "99", ""};
    for (int round = 0; round < 300; ++round) {
        std::vector<said> all(2 + random() % 7);
        for (said& s : all) s = {codes[random() % codes.size()], static_cast<std::int64_t>(random() % 4)};
        const bool asked_back = random() % 2;
        const std::string first = last_after(all, asked_back);
        for (int i = 0; i < 30; ++i) {
            std::ranges::shuffle(all, random);
            BOOST_TEST(last_after(all, asked_back) == first);
        }
        all.push_back(all.front()); // double
        BOOST_TEST(last_after(all, asked_back) == first);
    }
}

BOOST_AUTO_TEST_CASE(progress_told_twice_and_in_any_order_is_whole_and_without_fault) {
    std::vector<said> all{{"01", 1}, {"01", 1}, {"03", 2}, {"03", 2}, {"04", 3}, {"04", 3}, {"06", 4}, {"06", 4}};
    std::size_t orders = 0;
    do {
        consignment_row c;
        for (const said& s : all) {
            BOOST_TEST(int(fault_of(c, s.code, s.at)) == int(status_fault::none));
            add_status(c, s.code, s.at);
        }
        BOOST_TEST(c.last_status == "06");
        BOOST_TEST(c.last_status_time == 4);
        BOOST_TEST(c.statuses.size() == 4u);
        ++orders;
    } while (std::ranges::next_permutation(all).found);
    BOOST_TEST(orders == 2520u); // 8! / 2!^4
}

BOOST_AUTO_TEST_CASE(a_request_by_packet_makes_an_answer_count_whichever_came_first) {
    consignment_row c;
    add_status(c, "01", 1);
    add_status(c, "15", 3);
    BOOST_TEST(c.last_status == "01");
    ask_back(c);
    BOOST_TEST(c.last_status == "15");
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_named) {
    using enum status_fault;
    auto is = [](status_fault got, status_fault expected) { BOOST_TEST(int(got) == int(expected)); };
    is(fault_after({{"01", 1}}, "15", 2), answer_without_request);
    is(fault_after({{"01", 1}, {"13", 2}}, "15", 3), none);
    is(fault_after({{"01", 1}, {"13", 2}, {"15", 3}}, "15", 4), none);
    is(fault_after({{"01", 1}, {"13", 2}, {"15", 3}}, "16", 4), after_the_end);
    is(fault_after({{"01", 1}, {"13", 2}, {"16", 3}}, "15", 4), none);
    is(fault_after({{"01", 1}, {"03", 2}}, "02", 3), refusal_after_acceptance);
    is(fault_after({{"01", 1}, {"06", 2}}, "02", 3), refusal_after_acceptance);
    is(fault_after({}, "02", 3), none);
    is(fault_after({{"01", 1}, {"02", 2}}, "03", 3), after_the_end);
    is(fault_after({{"01", 1}, {"02", 2}}, "13", 3), after_the_end);
    is(fault_after({{"01", 1}, {"02", 2}}, "02", 3), none);
    is(fault_after({}, "05", 1), none); // it shows that the document has arrived; the 01 may still be on its way
    is(fault_after({{"05", 1}}, "03", 2), none); // late, but it has its place
    is(fault_after({{"06", 5}}, "01", 1), none);
    is(fault_after({{"02", 5}}, "07", 9), none); // unknown: who knows
}

BOOST_AUTO_TEST_CASE(invented_codes_do_not_fill_a_row) {
    consignment_row c;
    for (int i = 0; i < 1000; ++i) add_status(c, "x" + std::to_string(i), i);
    BOOST_TEST(c.statuses.size() == 1u);
    BOOST_TEST(c.last_status == "x999");
}

BOOST_AUTO_TEST_SUITE_END()
