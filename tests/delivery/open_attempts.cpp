// What happens while an attempt is open: the worst is a change by somebody else.
#include "tests/delivery/engine_fixture.hpp"

using namespace delivery_test;

BOOST_FIXTURE_TEST_CASE(returned_while_an_attempt_is_open_stays_the_last_word, fixture) {
    hop.held = true;
    hop.otherwise = delivered();
    add("d1", "before");
    start();
    BOOST_REQUIRE(attempt_runs());
    notice("d1", "returned", "intake.recipient_closed");
    BOOST_TEST((consignment("d1").state_now == state::refused));
    hop.held = false; // the receipt of that very attempt comes after it
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
    BOOST_TEST((consignment("d1").state_now == state::refused));
    BOOST_TEST(consignment("d1").reason == "intake.recipient_closed");
    std::vector<std::string> expected{"notice", "handed_over"};
    BOOST_TEST(events("d1") == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(statuses_of_one_turn_go_one_after_another_and_others_beside_them, fixture) {
    hop.held = true;
    hop.otherwise = delivered();
    add("d1", "", 0, "a");
    add("d2", "", 0, "a");
    add("d3", "", 0, "b");
    add("d4");
    add("d5");
    start();
    BOOST_REQUIRE(eventually([&] {
        std::lock_guard lock(hop.guard);
        return hop.running == 4;
    }));
    BOOST_TEST(!engine->is_active("d2", "hop"));
    hop.held = false;
    BOOST_REQUIRE(eventually([&] { return transfer("d2").state_now == state::delivered; }));
    BOOST_TEST((hop.hashes.back() == transfer("d2").packet_sha256));
}

BOOST_FIXTURE_TEST_CASE(a_status_that_is_put_off_does_not_hold_back_the_next_of_its_turn, fixture) {
    options.first_retry = options.longest_retry = 1h;
    hop.script = {deferred("net.connect_refused"), delivered()};
    add("d1", "", 0, "a");
    add("d2", "", 0, "a");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d2").state_now == state::delivered; }));
    BOOST_TEST((transfer("d1").state_now == state::deferred));
}

BOOST_FIXTURE_TEST_CASE(released_while_an_attempt_is_open_it_is_tried_again_at_once, fixture) {
    options.first_retry = options.longest_retry = 1h;
    hop.held = true;
    add("d1");
    start();
    BOOST_REQUIRE(attempt_runs());
    release("d1");
    hop.script = {deferred("net.connect_refused"), delivered()};
    hop.held = false;
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
    BOOST_TEST(transfer("d1").attempts == 2u);
}

BOOST_FIXTURE_TEST_CASE(released_while_the_last_attempt_is_open_it_is_not_parked, fixture) {
    options.attempts = 1;
    hop.held = true;
    add("d1");
    start();
    BOOST_REQUIRE(attempt_runs());
    release("d1");
    hop.script = {deferred("net.connect_refused"), delivered()};
    hop.held = false;
    BOOST_REQUIRE(eventually([&] { return records::is_final(transfer("d1").state_now); }));
    std::vector<std::string> expected{"released", "deferred", "handed_over"};
    BOOST_TEST(events("d1") == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_others_write_into_the_row_while_an_attempt_is_open_stays, fixture) {
    hop.held = true;
    add("d1");
    start();
    BOOST_REQUIRE(attempt_runs());
    change("d1", [](records::transfer_row& t) { t.priority = 3; });
    hop.otherwise = delivered();
    hop.held = false;
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
    BOOST_TEST(transfer("d1").priority == 3);
    BOOST_TEST(transfer("d1").composed);
    BOOST_TEST(transfer("d1").attempts == 1u);
}

BOOST_FIXTURE_TEST_CASE(ended_while_an_attempt_is_open_it_ends_unless_the_hop_has_taken_it, fixture) {
    for (const bool taken : {false, true}) {
        const std::string id = taken ? "d2" : "d1";
        hop.held = true;
        hop.script = {taken ? delivered() : deferred("net.connect_refused")};
        add(id);
        if (!taken) start();
        BOOST_REQUIRE(attempt_runs());
        change(id, [](records::transfer_row& t) { t.state_now = state::recalled; });
        hop.held = false;
        BOOST_REQUIRE(eventually([&] { return !engine->is_active(id, "hop"); }));
        BOOST_TEST((transfer(id).state_now == (taken ? state::delivered : state::recalled)));
        BOOST_TEST(records::reader(store->committed()).hop_receipt("@mine", "@mine", id, "hop").value().has_value() ==
                   taken);
    }
    BOOST_TEST(hop.attempts == 2u);
}
