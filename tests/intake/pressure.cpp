// The marks beyond which no new documents are taken.
#include "daemon/intake/pressure.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/intake/errors.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using intake::pressure;

namespace {
struct node {
    pressure marks{{.free_bytes = 1000, .memory = 1000, .transfers = 1000, .bytes = 1000}};
    intake::load now{.free_bytes = 5000, .memory = 10, .transfers = 10, .bytes = 10, .lanes = {}};
    const intake::demand onward{.hops = {"hop"}, .from_node = false};
    bool refuses(const intake::demand& what) {
        marks.look(now);
        return !marks.may_take(what).has_value();
    }
    bool refuses() { return refuses(onward); }
};
} // namespace

BOOST_FIXTURE_TEST_CASE(each_mark_refuses_and_names_itself, node) {
    BOOST_TEST(!refuses());
    const intake::load calm = now;
    auto named = [&](intake::load l, const char* cause) {
        now = l;
        BOOST_TEST(refuses(), cause);
        const auto may = marks.may_take(onward);
        BOOST_TEST((may.error().code == intake::errc::overloaded));
        BOOST_TEST(may.error().detail == cause);
        now = calm;
        BOOST_TEST(!refuses());
    };
    intake::load l = calm;
    l.free_bytes = 999;
    named(l, "disk");
    l = calm;
    l.memory = 1001;
    named(l, "memory");
    l = calm;
    l.transfers = 1001;
    named(l, "transfers");
    l = calm;
    l.bytes = 1001;
    named(l, "bytes");
    l.transfers = 1001;
    named(l, "transfers bytes");
    BOOST_TEST(describe(make_error_code(intake::errc::overloaded))->http_status == 503);
}

BOOST_FIXTURE_TEST_CASE(it_goes_on_refusing_until_a_figure_is_well_within_its_mark, node) {
    now.transfers = 1001;
    BOOST_TEST(marks.look(now));
    now.transfers = 950;
    BOOST_TEST(!marks.look(now)); // nothing new
    BOOST_TEST(marks.refusing());
    now.transfers = 900;
    BOOST_TEST(marks.look(now));
    BOOST_TEST(!marks.refusing());
    now.transfers = 1000; // at its mark, not beyond
    BOOST_TEST(!refuses());
    now.free_bytes = 999;
    BOOST_TEST(refuses());
    now.free_bytes = 1099;
    BOOST_TEST(refuses());
    now.free_bytes = 1100;
    BOOST_TEST(!refuses());
}

BOOST_AUTO_TEST_CASE(what_has_no_mark_refuses_nothing) {
    pressure none({});
    none.look({.free_bytes = 0, .memory = UINT64_MAX, .transfers = UINT64_MAX, .bytes = UINT64_MAX, .lanes = {}});
    BOOST_TEST(none.may_take({.hops = {"hop"}, .from_node = false}).has_value());
}

BOOST_FIXTURE_TEST_CASE(what_only_inboxes_here_keep_is_taken_however_much_waits_to_be_handed_on, node) {
    const intake::demand kept_here;
    now.transfers = now.bytes = 5000;
    BOOST_TEST(refuses());
    BOOST_TEST(!refuses(kept_here));
    now.memory = 1001;
    BOOST_TEST(refuses(kept_here));
    now.memory = 10;
    BOOST_TEST(!refuses(kept_here));
    now.free_bytes = 999;
    BOOST_TEST(refuses(kept_here));
}

BOOST_FIXTURE_TEST_CASE(of_what_nodes_bring_only_the_lane_that_holds_too_much_is_refused, node) {
    auto brought = [](std::set<std::string> hops) {
        return intake::demand{.hops = std::move(hops), .from_node = true};
    };
    now.transfers = 1001;
    now.lanes = {{"dead", 990, 10}, {"well", 11, 10}, {"idle", 0, 0}};
    BOOST_TEST(refuses(brought({"dead"})));
    BOOST_TEST(!refuses(brought({"well"})));
    BOOST_TEST(!refuses(brought({"never seen"})));
    BOOST_TEST(refuses(brought({"dead", "well"})));
    BOOST_TEST(refuses({.hops = {"well"}, .from_node = false})); // who submits here waits until the whole is less
    now.lanes = {{"well", 451, 10}, {"dead", 550, 10}};          // more than half of what is well within
    BOOST_TEST(refuses(brought({"well"})));
    now.lanes[0].transfers = 450;
    BOOST_TEST(!refuses(brought({"well"})));
    now.transfers = 10;
    now.bytes = 1001;
    now.lanes = {{"large", 1, 1000}, {"well", 9, 1}};
    BOOST_TEST(refuses(brought({"large"})));
    BOOST_TEST(!refuses(brought({"well"})));
    now.bytes = 901; // not yet well within the mark: one lane is always too long
    now.lanes = {{"one", 1, 451}, {"other", 1, 450}};
    BOOST_TEST(refuses(brought({"one"})));
    BOOST_TEST(!refuses(brought({"other"})));
    now.bytes = 900;
    BOOST_TEST(!refuses(brought({"one"})));
}
