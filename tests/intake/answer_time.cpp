// When an answer (15, 16) is dated: its sender tells by that what it answers.
#include "daemon/intake/companion.hpp"
#include "tests/records/store_in_a_folder.hpp"

namespace vanthu::test {
namespace {

using records::recall_stand;

struct answered_document : store_in_a_folder {
    static constexpr const char* home = "@home";
    const timestamp now = from_us(1'750'000'000'000'000);
    records::document_row document, first; // and a recall of it, whose row a later one took
    records::consignment_row mine{.document = "D", .recipient_code = "R", .recipient = "@r"};

    answered_document() {
        document.owner = first.owner = home;
        document.id = "D";
        first.id = "R1";
        document.identity.issuer = first.identity.issuer = "@s";
        document.identity.document_id = first.identity.document_id = first.target = "VB-1";
        document.sent_at = to_us(now - std::chrono::hours(2));
        first.sent_at = to_us(now - std::chrono::hours(1));
    }
    void later_recall(timestamp sent_at, recall_stand stands) {
        change([&](records::writer& w) -> result<> {
            w.put(home, mine);
            w.put(home, records::recall_row{.issuer = "@s",
                                            .target = "VB-1",
                                            .recipient = "@r",
                                            .owner = home,
                                            .document = "D",
                                            .code = "R",
                                            .recall_owner = home,
                                            .recall = "R2",
                                            .asked_code = "R",
                                            .sent_at = to_us(sent_at),
                                            .stands = stands});
            return {};
        });
    }
    timestamp at(const records::document_row& request) {
        return intake::answer_time(read(), home, request, mine, "16", now).value();
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(answer_times)

BOOST_FIXTURE_TEST_CASE(an_answer_is_not_dated_before_the_request_that_it_closes, answered_document) {
    BOOST_TEST((at(first) == now));
    const timestamp ahead = now + std::chrono::minutes(40); // by a clock that is
    later_recall(ahead, recall_stand::before_clerk);
    BOOST_TEST((at(first) >= ahead));    // on the earlier recall's entry
    BOOST_TEST((at(document) >= ahead)); // on the document's own
    later_recall(ahead, recall_stand::denied); // closed: nothing to be after
    BOOST_TEST((at(document) == now));
    later_recall(now + std::chrono::hours(48), recall_stand::before_clerk); // no clock is that far ahead
    BOOST_TEST((at(document) == now));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test
