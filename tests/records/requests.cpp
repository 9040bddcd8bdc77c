// Requests (recall, replacement) that wait for the outcome of an attempt, when a later one takes the row.
#include "daemon/records/recalls.hpp"
#include "tests/records/store_in_a_folder.hpp"

using namespace vanthu;
using namespace vanthu::records;
using vanthu::test::store_in_a_folder;

namespace {

constexpr const char *home = "@home", *node = "h1", *recipient = "@r";
const recall_side side{home, "H1"};

// Replacement N of `targets`, fenced on its way to the node.
void fenced_replacement(writer& w, std::vector<std::string> targets) {
    document_row n;
    n.owner = home;
    n.id = "N";
    n.identity.issuer = "@s";
    for (const std::string& t : targets) n.replaces.push_back({.document_id = t});
    w.put(n);
    w.put(home, consignment_row{.document = "N", .recipient_code = "R", .recipient = recipient, .hop = node});
    transfer_row t;
    t.owner = home;
    t.document = "N";
    t.node = node;
    t.recipients = {"R"};
    t.fenced = true;
    w.put(t);
}
recall_row asks(const std::string& target, const std::string& by, recall_stand stands) {
    return {.asks = by == "N" ? 3 : 1,
            .issuer = "@s",
            .target = target,
            .recipient = recipient,
            .owner = home,
            .document = "of-" + target,
            .code = "R",
            .recall_owner = home,
            .recall = by,
            .asked_code = "R",
            .stands = stands};
}
bool released(writer& w, const recall_row& later) {
    auto done = release_earlier(w, side, later, node);
    BOOST_REQUIRE(done.has_value());
    BOOST_TEST((!*done || !(*done)->fenced));
    return done->has_value();
}

} // namespace

BOOST_AUTO_TEST_SUITE(requests)

BOOST_FIXTURE_TEST_CASE(one_that_was_answered_while_it_waits_goes_on_when_its_row_is_taken, store_in_a_folder) {
    for (const recall_stand stands : {recall_stand::fenced, recall_stand::agreed})
        change([&](writer& w) -> result<> {
            fenced_replacement(w, {"A"});
            w.put(home, asks("A", "N", stands));
            BOOST_TEST(!released(w, asks("A", "N", recall_stand::asked))); // itself
            BOOST_TEST(released(w, asks("A", "later", recall_stand::asked)));
            BOOST_TEST(!released(w, asks("A", "later", recall_stand::asked))); // it has gone
            return {};
        });
}

BOOST_FIXTURE_TEST_CASE(one_that_waits_for_another_document_too_goes_on_waiting_for_that, store_in_a_folder) {
    change([&](writer& w) -> result<> {
        fenced_replacement(w, {"A", "B"});
        w.put(home, asks("A", "N", recall_stand::fenced));
        w.put(home, asks("B", "N", recall_stand::fenced));
        BOOST_TEST(!released(w, asks("A", "later", recall_stand::asked)));
        w.put(home, asks("B", "N", recall_stand::withdrawn));
        BOOST_TEST(released(w, asks("A", "later", recall_stand::asked)));
        return {};
    });
}

BOOST_AUTO_TEST_SUITE_END()
