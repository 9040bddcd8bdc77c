// What fails here, with nobody asked: it neither spins nor says anything of a destination.
#include "tests/delivery/engine_fixture.hpp"

using namespace delivery_test;

namespace {
bool all_else_is_delivered(fixture& f, unsigned documents) {
    f.hop.otherwise = delivered(true);
    for (unsigned i = 0; i < documents; ++i) {
        const std::string id = "other" + std::to_string(i);
        f.add(id);
        if (!f.eventually([&] { return f.transfer(id).state_now == state::delivered; })) return false;
    }
    return true;
}
// Before the engine knows it.
void lose_payload(fixture& f, const std::string& id) {
    f.commit([&](ledger::transaction& t) {
        records::writer w(t);
        auto d = w.document("@mine", id).value().value();
        d.payload = "lost";
        w.put(d);
    });
}
} // namespace

BOOST_FIXTURE_TEST_CASE(what_is_past_its_time_and_cannot_be_read_is_put_off_and_the_others_come_to_theirs, fixture) {
    said log;
    options.longest_retry = 1h;
    for (const std::string id : {"bad", "d1"}) {
        add(id);
        make_older(id, id == "bad" ? options.expiry * 2 : options.expiry + 1h);
    }
    damage(ledger::row_key("@mine", 'T').text("bad").text("hop"));
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::expired; }));
    BOOST_REQUIRE(all_else_is_delivered(*this, 20));
    BOOST_TEST(log.often("work_unreadable") == 1u);
    BOOST_TEST(eventually([&] { return engine->waiting().transfers == 1u; })); // not forgotten
}

BOOST_FIXTURE_TEST_CASE(an_end_by_time_that_cannot_be_kept_is_tried_again_later_and_not_at_once, fixture) {
    said log;
    options.first_retry = options.longest_retry = 1h;
    add("d1");
    make_older("d1", options.expiry * 2);
    damage(ledger::row_key("@mine", 'C').text("d1").text("H48"));
    start();
    BOOST_REQUIRE(eventually([&] { return log.often("outcome_not_kept") > 0; }));
    BOOST_REQUIRE(all_else_is_delivered(*this, 20));
    BOOST_TEST(log.often("outcome_not_kept") == 1u);
    BOOST_TEST((transfer("d1").state_now == state::waiting));
    BOOST_TEST(eventually([&] { return engine->waiting().transfers == 1u; }));
}

BOOST_FIXTURE_TEST_CASE(our_own_failure_is_no_answer_of_a_destination_that_does_not_answer, fixture) {
    said log;
    options.failures_to_open = 1;
    add("d1");
    add("gone", "", 4);
    lose_payload(*this, "gone");
    start();
    BOOST_REQUIRE(eventually([&] { return engine->trouble("hop").has_value(); }));
    const auto before = log.often("compose_failed");
    BOOST_REQUIRE(eventually([&] { return log.often("compose_failed") >= before + 3; }));
    BOOST_TEST(engine->trouble("hop").has_value());
    BOOST_TEST(log.often("destination_answers_again") == 0u);
}

BOOST_FIXTURE_TEST_CASE(our_own_failures_do_not_make_a_destination_one_that_does_not_answer, fixture) {
    said log;
    options.failures_to_open = 1;
    for (const std::string id : {"gone1", "gone2", "gone3"}) {
        add(id);
        lose_payload(*this, id);
    }
    start();
    BOOST_REQUIRE(all_else_is_delivered(*this, 3));
    BOOST_REQUIRE(eventually([&] { return log.often("compose_failed") >= 3; }));
    BOOST_TEST(!engine->trouble("hop"));
    BOOST_TEST(log.often("destination_not_answering") == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_clock_set_back_does_not_stop_what_waits_for_its_next_attempt, fixture) {
    options.first_retry = options.longest_retry = 2s;
    clock->by = std::chrono::microseconds(7h).count(); // local time taken for UTC
    add("d1");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::deferred; }));
    hop.otherwise = delivered();
    clock->by = 0;
    BOOST_TEST(eventually([&] { return transfer("d1").state_now == state::delivered; }));
}

BOOST_FIXTURE_TEST_CASE(a_warning_that_could_not_be_kept_is_said_later_and_the_others_meanwhile, fixture) {
    said log;
    options.failures_to_open = 1;
    options.first_probe = options.longest_probe = 1h;
    for (const std::string id : {"bad", "d1", "d2"}) {
        add(id);
        make_older(id, options.expiry - (id == "bad" ? 2h : 1h));
    }
    const auto key = ledger::row_key("@mine", 'C').text("bad").text("H48");
    const std::string well = store->committed().get(key).value().value();
    damage(key);
    start();
    BOOST_TEST(eventually([&] { return transfer("d1").expiry_warned_at && transfer("d2").expiry_warned_at; }));
    BOOST_TEST(log.often("warning_not_kept") > 0u);
    commit([&](ledger::transaction& t) { t.put(key, well); });
    BOOST_TEST(eventually([&] { return transfer("bad").expiry_warned_at != 0; }));
}
