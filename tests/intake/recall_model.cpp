// Every interleaving of one recall, one replacement, or one update that removes one of two recipients, in a small
// world, walked with the functions that decide in the daemon. Two at once: recall_pairs.cpp.
#include "tests/intake/recall_walk.hpp"

namespace vanthu::test {
namespace {

void every_end_is_consistent(mishaps allowed, bool denies, request what = request::recall) {
    test::every_end_is_consistent(allowed, {.asks = {what}, .answers = {denies ? "16" : "15"}});
}

} // namespace

BOOST_AUTO_TEST_SUITE(recall_model)

BOOST_AUTO_TEST_CASE(every_interleaving_ends_with_both_sides_agreed) { every_end_is_consistent({}, false); }
BOOST_AUTO_TEST_CASE(every_interleaving_ends_alike_where_the_clerk_denies) { every_end_is_consistent({}, true); }
BOOST_AUTO_TEST_CASE(a_lost_packet_or_answer_changes_no_end) {
    if (is_long()) every_end_is_consistent({.losses = 1}, false);
}
BOOST_AUTO_TEST_CASE(a_packet_that_comes_twice_changes_no_end) {
    if (is_long()) every_end_is_consistent({.repeats = 1}, true);
}
BOOST_AUTO_TEST_CASE(statuses_and_notices_that_take_their_time_change_no_end) {
    if (is_long()) every_end_is_consistent({.slow = true}, true);
}

BOOST_AUTO_TEST_CASE(every_interleaving_of_a_replacement_ends_with_both_sides_agreed) {
    every_end_is_consistent({}, false, request::replacement);
}
BOOST_AUTO_TEST_CASE(every_interleaving_of_a_replacement_ends_alike_where_the_clerk_denies) {
    every_end_is_consistent({}, true, request::replacement);
}
BOOST_AUTO_TEST_CASE(a_replacement_bears_a_lost_packet_or_answer) {
    if (is_long()) every_end_is_consistent({.losses = 1}, false, request::replacement);
}
BOOST_AUTO_TEST_CASE(a_replacement_bears_a_packet_that_comes_twice) {
    if (is_long()) every_end_is_consistent({.repeats = 1}, true, request::replacement);
}

BOOST_AUTO_TEST_CASE(every_interleaving_of_a_removal_leaves_the_document_to_who_stays) {
    every_end_is_consistent({}, false, request::removal);
}
BOOST_AUTO_TEST_CASE(a_removal_bears_a_lost_packet_or_answer_of_the_document) {
    if (is_long()) every_end_is_consistent({.losses = 1, .of_document = true}, false, request::removal);
}
BOOST_AUTO_TEST_CASE(a_removal_bears_any_lost_packet_or_answer) {
    if (is_long()) every_end_is_consistent({.losses = 1}, true, request::removal);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test
