// Every interleaving of two requests for one document, or for a document and its replacement, in the small world.
#include "tests/intake/recall_walk.hpp"

namespace vanthu::test {
namespace {

using enum request;

} // namespace

BOOST_AUTO_TEST_SUITE(recall_pairs)

BOOST_AUTO_TEST_CASE(a_recall_asked_again_after_a_denial) {
    every_end_is_consistent(
        {}, {.asks = {recall, recall}, .answers = {"16", "15 16"}, .after_denial = true, .hop = is_long()});
}
BOOST_AUTO_TEST_CASE(a_replacement_and_then_its_recall) {
    every_end_is_consistent({}, {.asks = {replacement, recall_of_new}, .answers = {"15 16"}, .hop = false});
}
BOOST_AUTO_TEST_CASE(a_recall_and_then_a_replacement) {
    if (is_long()) every_end_is_consistent({}, {.asks = {recall, replacement}, .answers = {"15 16"}, .hop = false});
}
BOOST_AUTO_TEST_CASE(a_replacement_and_then_a_recall_of_the_old_one) {
    if (is_long()) every_end_is_consistent({}, {.asks = {replacement, recall}, .answers = {"15 16"}, .hop = false});
}
BOOST_AUTO_TEST_CASE(an_update_that_removes_one_and_then_a_recall_from_all) {
    if (is_long()) every_end_is_consistent({}, {.asks = {removal, recall}, .answers = {"15 16"}, .hop = false});
}

BOOST_AUTO_TEST_CASE(an_update_and_then_a_recall) {
    const std::vector<std::string> either{"15 16"}, one_of_each{"15", "16"};
    every_end_is_consistent({},
                            {.asks = {update, recall}, .answers = is_long() ? either : one_of_each, .hop = false});
}
BOOST_AUTO_TEST_CASE(a_recall_and_then_an_update) {
    if (is_long()) every_end_is_consistent({}, {.asks = {recall, update}, .answers = {"15 16"}, .hop = false});
}
BOOST_AUTO_TEST_CASE(two_recalls_at_once) {
    if (is_long()) every_end_is_consistent({}, {.asks = {recall, recall}, .answers = {"15 16"}, .hop = false});
}
BOOST_AUTO_TEST_CASE(two_recalls_at_once_over_a_hop) {
    if (is_long()) every_end_is_consistent({}, {.asks = {recall, recall}, .answers = {"15 16"}});
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test
