// What a destination that does not answer does to its lane, and does not do to others.
#include "tests/delivery/engine_fixture.hpp"

using namespace delivery_test;

namespace {
delivery::lane_view lane_of(const delivery::engine& e) {
    for (const auto& l : e.lanes())
        if (l.node == "hop") return l;
    return {};
}
} // namespace

BOOST_FIXTURE_TEST_CASE(while_a_destination_is_down_no_document_uses_up_its_attempts_and_all_go_when_it_is_back,
                        fixture) {
    options.attempts = 8;
    options.failures_to_open = 3;
    options.first_window = 1;
    for (int i = 0; i < 20; ++i) add("d" + std::to_string(i));
    start();
    BOOST_REQUIRE(eventually([&] {
        std::lock_guard lock(hop.guard);
        return hop.attempts >= 60;
    }));
    for (int i = 0; i < 20; ++i) {
        BOOST_TEST(transfer("d" + std::to_string(i)).attempts < 8u);
        BOOST_TEST((transfer("d" + std::to_string(i)).state_now != state::parked));
    }
    BOOST_TEST(hop.most_running == 1u);
    BOOST_TEST(engine->trouble("hop").has_value());
    BOOST_TEST(engine->trouble("hop")->reason == "net.connect_refused");
    BOOST_TEST(engine->trouble("hop")->since > 0);
    {
        std::lock_guard lock(hop.guard);
        hop.otherwise = delivered(true);
    }
    BOOST_REQUIRE(
        eventually([&] { return records::reader(store->committed()).waiting_work("@mine").value().empty(); }));
    BOOST_TEST(!engine->trouble("hop"));
    BOOST_TEST(eventually([&] { return lane_of(*engine).delivered == 20u; })); // counted after the row is written
}

BOOST_FIXTURE_TEST_CASE(what_is_past_its_time_expires_while_the_destination_is_down, fixture) {
    options.failures_to_open = 1;
    options.first_probe = options.longest_probe = 1h;
    options.expiry = 2s;
    add("d1");
    add("d2");
    start();
    BOOST_REQUIRE(eventually([&] { return engine->trouble("hop").has_value(); }));
    BOOST_REQUIRE(eventually(
        [&] { return transfer("d1").state_now == state::expired && transfer("d2").state_now == state::expired; }));
    BOOST_TEST(hop.attempts <= 2u); // those that opened it
    BOOST_TEST(eventually([&] { return lane_of(*engine).waiting == 0u; }));
}

BOOST_FIXTURE_TEST_CASE(expiry_is_warned_of_once_before_it_also_after_a_restart, fixture) {
    options.failures_to_open = 1;
    options.first_probe = options.longest_probe = 1h;
    options.expiry = 1h;
    options.expiry_warning = 1h;
    add("d1", "before");
    change("d1", [](records::transfer_row& t) { t.created_at -= 2'000'000'000; }); // more than half of an hour old
    BOOST_REQUIRE(store
                      ->commit_and_wait([&](ledger::transaction& t) -> result<> {
                          records::writer w(t);
                          w.add_work("@mine", transfer("d1"));
                          return {};
                      })
                      .has_value());
    for (int run = 0; run < 2; ++run) {
        start();
        BOOST_REQUIRE(eventually([&] { return transfer("d1").expiry_warned_at != 0 && transfer("d1").attempts > 0; }));
        stop();
        change("d1", [](records::transfer_row& t) { t.next_attempt_at = 0; });
    }
    const auto kinds = events("d1");
    BOOST_TEST(std::ranges::count(kinds, "expiry_near") == 1);
    auto notices = records::reader(store->committed()).notices_for("@mine", "before", 10).value();
    BOOST_REQUIRE(notices.size() == 1u);
    BOOST_TEST(notices.front().kind == "expiring");
    BOOST_TEST(transfer("d1").expiry_warned_at > 0);
    const auto work = records::reader(store->committed()).waiting_work("@mine").value();
    BOOST_REQUIRE(work.size() == 1u);
    BOOST_TEST(work.front().expiry_warned);
}

BOOST_FIXTURE_TEST_CASE(a_poison_document_keeps_failing_and_all_others_go, fixture) {
    options.failures_to_open = 2;
    options.first_window = 1;
    add("poison", "", 3);
    for (int i = 0; i < 10; ++i) add("d" + std::to_string(i));
    hop.answer = [](const delivery::outgoing& p) -> std::optional<outcome> {
        if (p.transfer.document == "poison") return deferred("net.connection_closed");
        return delivered(true);
    };
    start();
    BOOST_REQUIRE(
        eventually([&] { return records::reader(store->committed()).waiting_work("@mine").value().size() == 1; }));
    BOOST_REQUIRE(eventually([&] { return transfer("poison").attempts > 4; }));
    BOOST_TEST(!engine->trouble("hop"));
}

BOOST_FIXTURE_TEST_CASE(an_operators_release_asks_a_silent_destination_at_once, fixture) {
    options.failures_to_open = 1;
    options.first_probe = options.longest_probe = 1h;
    add("d1");
    start();
    BOOST_REQUIRE(eventually([&] { return engine->trouble("hop") && transfer("d1").state_now == state::deferred; }));
    {
        std::lock_guard lock(hop.guard);
        hop.otherwise = delivered();
    }
    release("d1");
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
}

BOOST_FIXTURE_TEST_CASE(a_lane_shows_how_much_waits_and_what_is_due_by_urgency, fixture) {
    hop.held = true;
    options.first_window = 1;
    add("d1", "", 4);
    add("d2", "", 3);
    add("d3");
    start();
    BOOST_REQUIRE(attempt_runs());
    const auto l = lane_of(*engine);
    BOOST_TEST(l.waiting == 3u);
    BOOST_TEST(l.active == 1u);
    BOOST_TEST(l.ready[3] == 1u);
    BOOST_TEST(l.ready[0] == 1u);
    BOOST_TEST(l.bytes > 0u);
    BOOST_TEST(engine->waiting().transfers == 3u);
    BOOST_TEST(engine->is_active("d1", "hop"));
    hop.otherwise = delivered();
    hop.held = false;
    BOOST_REQUIRE(eventually([&] { return engine->waiting().transfers == 0u; }));
}

BOOST_FIXTURE_TEST_CASE(an_overloaded_destination_holds_back_documents_and_nothing_else, fixture) {
    hop.answer = [&](const delivery::outgoing& p) -> std::optional<outcome> {
        if (p.kind == records::document_kind::status) return delivered(true);
        return std::nullopt;
    };
    hop.otherwise = deferred("intake.overloaded");
    hop.otherwise.retry_after = 3600s;
    for (int i = 0; i < 50; ++i) add("d" + std::to_string(i), "", 3, "", records::document_kind::document);
    for (int i = 0; i < 50; ++i)
        change("d" + std::to_string(i), [](records::transfer_row& t) {
            t.composed = true;
            t.pieces = {{.text = "x"}};
        });
    start();
    BOOST_REQUIRE(eventually([&] { return engine->trouble("hop").has_value(); }));
    BOOST_TEST((engine->trouble("hop")->is == delivery::flow_standing::stand::no_documents));
    BOOST_TEST(engine->trouble("hop")->reason == "intake.overloaded");
    for (int i = 0; i < 3; ++i) {
        const std::string id = "s" + std::to_string(i);
        add(id);
        BOOST_REQUIRE(eventually([&] { return transfer(id).state_now == state::delivered; }));
    }
    {
        std::lock_guard lock(hop.guard);
        BOOST_TEST(hop.attempts <= 3u + options.concurrency);
        hop.otherwise = delivered(true);
    }
    for (int i = 0; i < 50; ++i) BOOST_TEST(transfer("d" + std::to_string(i)).attempts == 0u);
    release("d7"); // a person does not wait for the hour to end, and one that is taken opens it for all
    // But for those that were asked to wait for an hour.
    BOOST_REQUIRE(eventually([&] { return engine->waiting().transfers <= options.concurrency; }));
    BOOST_TEST(!engine->trouble("hop"));
}

BOOST_FIXTURE_TEST_CASE(an_urgent_document_that_the_destination_chokes_on_is_not_every_probe, fixture) {
    options.failures_to_open = 1;
    options.first_probe = options.longest_probe = 20ms;
    options.first_retry = options.longest_retry = 1ms;
    std::vector<std::string> asked;
    hop.answer = [&](const delivery::outgoing& p) -> std::optional<outcome> {
        asked.push_back(p.transfer.document);
        if (asked.size() == 1) return deferred("net.connect_refused");
        if (p.transfer.document == "urgent") return deferred("net.timed_out");
        return delivered(true);
    };
    options.first_window = 1;
    add("urgent", "", 4);
    add("d1");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
    stop(); // `asked` is ours until then
    // Its first attempt and one probe, if its outcome was kept before the first probe; the next one is another's.
    BOOST_TEST((std::ranges::find(asked, "d1") - asked.begin() <= 2));
}
