// What is due soon is counted before it is late, in working time, and the count stops at what is in time.
#include "daemon/web/entries_due.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

namespace vanthu::web {
namespace {

timestamp at(const char* text) { return from_rfc3339(std::string(text) + "+07:00").value(); }

// An inbox, read from a store whose clock the test moves. March 2026: the 6th is a Friday, the 9th a Monday.
struct one_inbox {
    test::temporary_directory folder;
    std::shared_ptr<manual_clock> clock = std::make_shared<manual_clock>(at("2026-03-06T08:00:00"));
    std::unique_ptr<ledger::store> store =
        ledger::store::open({.directory = folder / "ledger", .clock = clock}).value();
    calendar::office office; // Monday to Friday, 07:30 to 11:30 and 13:30 to 17:00; warned of two hours before
    standing view;
    ~one_inbox() { store->close(); }

    void arrives(const char* when, records::document_kind kind = records::document_kind::document) {
        clock->set(at(when));
        const std::string id = new_id(clock->now());
        auto done = store->commit_and_wait([&](ledger::transaction& t) -> result<> {
            records::inbox_row e;
            e.organisation = e.owner = "@xa";
            e.document = id;
            e.kind = kind;
            VANTHU_CHECK(records::writer(t).add_inbox(std::move(e), new_id(clock->now())));
            return {};
        });
        BOOST_REQUIRE(done.has_value());
    }
    std::string seen(const char* when) { // "overdue soon not_fetched"
        BOOST_REQUIRE(view.refresh(store->committed(), {"@xa"}, at(when)).has_value());
        const entries_due due = due_among(view.inboxes().at("@xa"), office, at(when));
        return std::to_string(due.overdue) + " " + std::to_string(due.due_soon) + " " + std::to_string(due.not_fetched);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(what_is_due_in_an_inbox)

BOOST_FIXTURE_TEST_CASE(an_arrival_is_due_soon_before_it_is_overdue_and_then_no_longer_soon, one_inbox) {
    arrives("2026-03-06T08:00:00");
    BOOST_TEST(seen("2026-03-06T14:59:00") == "0 0 1"); // not fetched for four hours, and two hours and a minute left
    BOOST_TEST(seen("2026-03-06T15:00:00") == "0 1 1");
    BOOST_TEST(seen("2026-03-06T17:00:00") == "0 1 1");
    BOOST_TEST(seen("2026-03-06T17:00:01") == "1 0 1");
}

BOOST_FIXTURE_TEST_CASE(over_a_weekend_no_working_time_passes, one_inbox) {
    arrives("2026-03-06T16:30:00");
    arrives("2026-03-06T17:30:00"); // after work on Friday: Monday's
    arrives("2026-03-07T10:00:00"); // on Saturday: Monday's
    BOOST_TEST(seen("2026-03-07T12:00:00") == "1 0 0");
    BOOST_TEST(seen("2026-03-08T23:00:00") == "1 0 0");
    BOOST_TEST(seen("2026-03-09T14:59:59") == "1 0 3");
    arrives("2026-03-09T14:00:00");
    BOOST_TEST(seen("2026-03-09T15:00:00") == "1 3 3");
    BOOST_TEST(seen("2026-03-10T08:00:00") == "4 0 3");
    office.margins.warn_before = std::chrono::minutes(0);
    BOOST_TEST(seen("2026-03-09T16:59:59") == "1 0 3"); // warned of not at all
}

BOOST_FIXTURE_TEST_CASE(the_arrival_of_a_status_is_due_to_nobody, one_inbox) {
    arrives("2026-03-06T08:00:00", records::document_kind::status);
    arrives("2026-03-06T08:01:00");
    arrives("2026-03-06T08:02:00", records::document_kind::status);
    BOOST_TEST(seen("2026-03-06T16:00:00") == "0 1 3");
    BOOST_TEST(seen("2026-03-09T08:00:00") == "1 0 3");
}

// Against every deadline asked of the calendar by itself.
BOOST_FIXTURE_TEST_CASE(the_count_is_that_of_every_entry_by_itself, one_inbox) {
    std::map<std::uint64_t, standing::entry> open;
    timestamp kept = at("2026-03-05T06:00:00");
    for (std::uint64_t n = 1; n <= 200; ++n, kept += std::chrono::minutes(37))
        open[n] = {.id = {}, .owner = {}, .document = {}, .created_at = to_us(kept), .is_document = n % 3 != 0};
    for (timestamp now = at("2026-03-05T07:00:00"); now < at("2026-03-12T12:00:00"); now += std::chrono::minutes(53)) {
        entries_due wanted;
        for (const auto& [n, e] : open) {
            const timestamp came = from_us(e.created_at);
            wanted.not_fetched += now > office.days.after(came, office.not_fetched_after);
            if (!e.is_document) continue;
            const auto stand = stands(office.days, office.margins, arrived_by(office.days, came), std::nullopt, now);
            wanted.overdue += stand == calendar::standing::late;
            wanted.due_soon += stand == calendar::standing::soon;
        }
        BOOST_TEST_REQUIRE((due_among(open, office, now) == wanted), to_rfc3339_vietnam(now));
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace vanthu::web
