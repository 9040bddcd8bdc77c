// Notices: what goes back along the way, and what comes.
#include "tests/delivery/engine_fixture.hpp"

using namespace delivery_test;

BOOST_FIXTURE_TEST_CASE(notices_are_kept_once_shown_on_the_ladder_and_passed_upstream, fixture) {
    hop.script = {delivered()};
    add("d1", "before");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
    peer::notice_call told{.instance = "one"};
    told.notices = {{.sequence = 1,
                     .packet_sha256 = transfer("d1").packet_sha256,
                     .recipient = "H48",
                     .kind = "parked",
                     .code = "registry.no_route",
                     .by = "H48",
                     .at = 1},
                    {.sequence = 2,
                     .packet_sha256 = sha256::of("a packet nobody sent"),
                     .recipient = "H48",
                     .kind = "kept",
                     .at = 1}};
    for (int i = 0; i < 2; ++i) { // told twice, kept once
        auto kept = asio::co_spawn(io, delivery::receive_notices(*store, "@mine", "hop", told), asio::use_future).get();
        BOOST_REQUIRE(kept.has_value());
        BOOST_TEST(*kept == 2u);
    }
    BOOST_TEST(consignment("d1").reason == "registry.no_route");
    std::vector<std::string> expected{"handed_over", "notice"};
    BOOST_TEST(events("d1") == expected, boost::test_tools::per_element());
    // The hop serves the recipient itself and will tell; so only what it told goes upstream, once.
    auto upstream = records::reader(store->committed()).notices_for("@mine", "before", 10).value();
    BOOST_REQUIRE(upstream.size() == 1u);
    BOOST_TEST(upstream.front().kind == "parked");
}

BOOST_FIXTURE_TEST_CASE(a_store_made_anew_counts_from_one_and_its_notices_are_not_taken_for_old_ones, fixture) {
    hop.script = {delivered()};
    add("d1");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
    auto tell = [&](std::string instance, std::uint64_t sequence, std::string code) {
        peer::notice_call call{.instance = std::move(instance), .notices = {}};
        call.notices.push_back({.sequence = sequence,
                                .packet_sha256 = transfer("d1").packet_sha256,
                                .recipient = "H48",
                                .kind = "parked",
                                .code = std::move(code),
                                .by = "H48",
                                .at = 1});
        return asio::co_spawn(io, delivery::receive_notices(*store, "@mine", "hop", call), asio::use_future)
            .get()
            .value();
    };
    BOOST_TEST(tell("first", 40, "a") == 40u);
    BOOST_TEST(tell("second", 1, "b") == 1u); // the peer lost its store
    BOOST_TEST(consignment("d1").reason == "b");
    BOOST_TEST(tell("first", 40, "c") == 40u); // told again: not shown again
    BOOST_TEST(consignment("d1").reason == "b");
    BOOST_TEST(tell("", 7, "d") == 7u); // a peer that does not name its store counts apart
    BOOST_TEST(tell("", 3, "e") == 7u);
    BOOST_TEST(consignment("d1").reason == "d");
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_does_not_answer_keeps_no_other_from_its_notices, fixture) {
    hop.otherwise = delivered(true);
    others["a-silent"].held = true;
    add("d1", "a-silent");
    add("d2", "before");
    others["before"];
    start();
    BOOST_REQUIRE(eventually([&] { return others["a-silent"].asked > 0; }));
    BOOST_REQUIRE(eventually([&] { return others["before"].told() == 1; }));
    BOOST_TEST(others["before"].instances.front() == store->instance_id());
    add("d3", "before");
    BOOST_REQUIRE(eventually([&] { return others["before"].told() == 2; }));
    BOOST_TEST(others["a-silent"].asked == 1u); // one call at a time
    stop();                                     // while the silent one has not answered
    BOOST_TEST(records::reader(store->committed()).notices_for("@mine", "a-silent", 10).value().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(what_comes_while_a_peer_is_told_is_told_when_it_has_answered, fixture) {
    options.notice_interval = 1h; // nothing but being woken
    hop.otherwise = delivered(true);
    others["before"].held = true;
    start();
    add("d1", "before");
    BOOST_REQUIRE(eventually([&] { return others["before"].asked == 1; }));
    add("d2", "before");
    BOOST_REQUIRE(eventually([&] { return transfer("d2").state_now == state::delivered; }));
    BOOST_TEST(others["before"].asked == 1u);
    others["before"].held = false;
    BOOST_REQUIRE(eventually([&] { return others["before"].told() == 2; }));
    BOOST_TEST(others["before"].noticed.back().sequence == 2u);
}

BOOST_FIXTURE_TEST_CASE(a_notice_that_is_quicker_than_the_receipt_is_not_forgotten, fixture) {
    hop.held = true;
    hop.script = {deferred("net.timed_out"), delivered()}; // it came, but its answer was lost once
    add("d1");
    start();
    BOOST_REQUIRE(attempt_runs());
    notice("d1", "parked", "registry.no_route");
    hop.held = false;
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
    BOOST_TEST(consignment("d1").reason == "registry.no_route");
    notice("d1", "kept", "");
    BOOST_TEST(consignment("d1").reason == "");
}
