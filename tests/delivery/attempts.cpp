// One attempt after another: how each ends, and what is kept of it.
#include "tests/delivery/engine_fixture.hpp"

using namespace delivery_test;

BOOST_FIXTURE_TEST_CASE(a_delivered_transfer_keeps_its_receipt_and_leaves_the_work, fixture) {
    hop.script = {delivered(true)};
    add("d1", "before");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
    records::reader read(store->committed());
    BOOST_TEST(read.hop_receipt("@mine", "@mine", "d1", "hop").value().value() == "receipt");
    BOOST_TEST(read.waiting_work("@mine").value().empty());
    BOOST_TEST((consignment("d1").state_now == state::delivered));
    BOOST_TEST(read.sent_to("@mine", "hop", transfer("d1").packet_sha256).value().has_value());
    // The hop it came from is told, durably: no transport leads there, so the notice waits.
    auto notices = read.notices_for("@mine", "before", 10).value();
    BOOST_REQUIRE(notices.size() == 1u);
    BOOST_TEST(notices.front().kind == "kept");
    // So that the sender's side counts the recipient's time from here, too.
    BOOST_TEST(read.events_of("@mine", "d1").value().back().code == "kept");
}

BOOST_FIXTURE_TEST_CASE(a_deferred_transfer_is_tried_again_with_the_same_bytes_and_one_event_a_reason, fixture) {
    hop.script = {deferred("net.connect_refused"), deferred("net.connect_refused"), deferred("tasks.timed_out"),
                  delivered()};
    add("d1");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
    BOOST_TEST(hop.attempts == 4u);
    for (const digest& h : hop.hashes) BOOST_TEST((h == hop.hashes.front()));
    std::vector<std::string> expected{"deferred", "deferred", "handed_over"};
    BOOST_TEST(events("d1") == expected, boost::test_tools::per_element());
    BOOST_TEST(transfer("d1").attempts == 4u);
}

BOOST_FIXTURE_TEST_CASE(a_refused_transfer_is_returned_and_the_hop_before_is_told, fixture) {
    hop.script = {refused("intake.sender_not_authorised")};
    add("d1", "before");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::refused; }));
    BOOST_TEST(consignment("d1").reason == "intake.sender_not_authorised");
    auto notices = records::reader(store->committed()).notices_for("@mine", "before", 10).value();
    BOOST_REQUIRE(notices.size() == 1u);
    BOOST_TEST(notices.front().kind == "returned");
    BOOST_TEST(notices.front().code == "intake.sender_not_authorised");
}

BOOST_FIXTURE_TEST_CASE(a_hop_that_calls_it_expired_has_refused_it, fixture) {
    hop.script = {refused("delivery.expired")};
    hop.script.front().status = 409;
    add("d1");
    start();
    BOOST_REQUIRE(eventually([&] { return records::is_final(transfer("d1").state_now); }));
    BOOST_TEST((transfer("d1").state_now == state::refused));
}

BOOST_FIXTURE_TEST_CASE(after_the_last_attempt_it_is_parked_and_an_operator_releases_it, fixture) {
    options.attempts = 3;
    add("d1", "before");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::parked; }));
    BOOST_TEST(hop.attempts == 3u);
    BOOST_TEST(records::reader(store->committed()).waiting_work("@mine").value().empty());
    hop.otherwise = delivered(true);
    hop.held = true;
    release("d1");
    BOOST_REQUIRE(attempt_runs());
    BOOST_TEST((consignment("d1").state_now == state::waiting)); // at once, not only when the attempt has ended
    BOOST_TEST(consignment("d1").reason == "");
    hop.held = false;
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
    std::vector<std::string> kinds;
    for (const auto& n : records::reader(store->committed()).notices_for("@mine", "before", 10).value())
        kinds.push_back(n.kind);
    std::vector<std::string> told{"parked", "released", "kept"};
    BOOST_TEST(kinds == told, boost::test_tools::per_element());
    auto again = asio::co_spawn(io, engine->release("@mine", "d1", "hop"), asio::use_future).get();
    BOOST_REQUIRE(!again);
    BOOST_TEST((again.error().code == delivery::errc::not_waiting));
    auto unknown = asio::co_spawn(io, engine->release("@mine", "no", "hop"), asio::use_future).get();
    BOOST_REQUIRE(!unknown);
    BOOST_TEST((unknown.error().code == delivery::errc::transfer_unknown));
}

BOOST_FIXTURE_TEST_CASE(what_was_parked_for_longer_than_its_time_has_a_new_life_when_it_is_released, fixture) {
    options.attempts = 1;
    options.first_retry = options.longest_retry = 1h;
    add("d1");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::parked; }));
    BOOST_REQUIRE(eventually([&] { return engine->waiting().transfers == 0u; }));
    const auto created = transfer("d1").created_at, expires = transfer("d1").expires_at;
    change("d1", [&](records::transfer_row& t) {
        t.created_at -= options.expiry.count();
        t.expires_at -= options.expiry.count();
        t.expiry_warned_at = 1;
    });
    release("d1"); // a second attempt is put off, and still does not end it
    BOOST_REQUIRE(eventually([&] { return hop.attempts == 2u && transfer("d1").state_now == state::parked; }));
    BOOST_TEST(transfer("d1").created_at > created);
    BOOST_TEST(transfer("d1").expires_at - transfer("d1").created_at == expires - created);
    BOOST_TEST(transfer("d1").expiry_warned_at == 0);
    hop.otherwise = delivered();
    release("d1");
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
}

BOOST_FIXTURE_TEST_CASE(what_has_a_new_life_while_its_attempt_runs_is_as_young_in_the_queue, fixture) {
    options.first_retry = options.longest_retry = 1h;
    hop.held = true;
    add("d1");
    start();
    BOOST_REQUIRE(attempt_runs());
    make_older("d1", options.expiry - 1h);
    hop.held = false;
    BOOST_REQUIRE(eventually([&] { return engine->lanes().at(0).active == 0u; }));
    BOOST_TEST(engine->lanes().at(0).oldest_created_at <= transfer("d1").created_at + 1'000'000);
}

BOOST_FIXTURE_TEST_CASE(past_its_time_it_expires_without_another_attempt, fixture) {
    options.expiry = 0s;
    add("d1");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::expired; }));
    BOOST_TEST(hop.attempts == 0u);
}

BOOST_FIXTURE_TEST_CASE(what_waited_at_a_stop_is_tried_after_the_start, fixture) {
    start();
    add("d1");
    BOOST_REQUIRE(eventually([&] { return hop.attempts > 0; }));
    stop();
    BOOST_TEST((transfer("d1").state_now != state::delivered));
    hop.otherwise = delivered();
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
}

BOOST_FIXTURE_TEST_CASE(a_hop_never_gets_more_at_a_time_than_configured, fixture) {
    options.concurrency = 2;
    hop.takes = 5ms;
    hop.otherwise = delivered();
    for (int i = 0; i < 12; ++i) add("d" + std::to_string(i));
    start();
    BOOST_REQUIRE(
        eventually([&] { return records::reader(store->committed()).waiting_work("@mine").value().empty(); }));
    BOOST_TEST(hop.most_running == 2u);
    BOOST_TEST(hop.attempts == 12u);
}

BOOST_FIXTURE_TEST_CASE(what_is_parked_after_its_attempts_is_given_up_by_an_operator_once_and_on_record, fixture) {
    options.attempts = 2;
    add("d1", "before");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::parked; }));
    auto give_up = [&] {
        return asio::co_spawn(io, engine->give_up("@mine", "d1", "số đã đổi", "operator", false), asio::use_future)
            .get();
    };
    auto done = give_up();
    BOOST_REQUIRE(done.has_value());
    BOOST_TEST(*done == 1u);
    BOOST_TEST((transfer("d1").state_now == state::refused));
    BOOST_TEST((consignment("d1").state_now == state::refused));
    BOOST_TEST(consignment("d1").reason == "delivery.given_up");
    const auto last = records::reader(store->committed()).events_of("@mine", "d1").value().back();
    BOOST_TEST(last.kind == "sent_back");
    BOOST_TEST(last.text == "số đã đổi");
    BOOST_TEST(last.by == "operator");
    BOOST_TEST(records::reader(store->committed()).notices_for("@mine", "before", 10).value().back().kind ==
               "returned");
    auto again = give_up();
    BOOST_REQUIRE(!again);
    BOOST_TEST((again.error().code == delivery::errc::not_waiting));
}

BOOST_FIXTURE_TEST_CASE(what_may_have_arrived_is_given_up_only_by_who_confirms_it_and_its_sender_is_told, fixture) {
    options.attempts = 2;
    hop.otherwise = deferred("net.timed_out");
    hop.otherwise.unanswered = true;
    add("d1", "before");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::parked; }));
    auto give_up = [&](bool confirmed) {
        return asio::co_spawn(io, engine->give_up("@mine", "d1", "đã gọi", "operator", confirmed), asio::use_future)
            .get();
    };
    auto last_told = [&] {
        return records::reader(store->committed()).notices_for("@mine", "before", 10).value().back();
    };
    const std::size_t events_before = events("d1").size();
    auto no = give_up(false);
    BOOST_REQUIRE(!no);
    BOOST_TEST((no.error().code == delivery::errc::may_have_arrived));
    BOOST_TEST((transfer("d1").state_now == state::parked));
    BOOST_TEST((consignment("d1").state_now == state::parked));
    BOOST_TEST(events("d1").size() == events_before);
    BOOST_TEST(last_told().kind == "parked");
    BOOST_REQUIRE(give_up(true).has_value());
    BOOST_TEST((consignment("d1").state_now == state::refused));
    BOOST_TEST(consignment("d1").reason == "delivery.given_up_unanswered");
    const auto last = records::reader(store->committed()).events_of("@mine", "d1").value().back();
    BOOST_TEST(last.kind == "sent_back");
    BOOST_TEST(last.code == "delivery.given_up_unanswered");
    BOOST_TEST(last_told().kind == "returned");
    BOOST_TEST(last_told().code == "delivery.given_up_unanswered");
}
