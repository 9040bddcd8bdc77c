// The engine against a real store and a transport that answers what a script says.
#include "daemon/delivery/engine.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/delivery/errors.hpp"
#include "daemon/ledger/commit_task.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <future>
#include <thread>

using namespace vanthu;
using namespace std::chrono_literals;
using delivery::outcome;
using records::state;

namespace {

constexpr std::string_view registry_text = R"(
format = 1
version = 1
[[organisation]]
id = "mine"
name = "UBND xã Một"
codes = [{code = "H48.99.01", form = "qd20"}]
[[organisation]]
id = "next"
name = "UBND tỉnh"
codes = [{code = "H48", form = "qd20"}]
[[node]]
id = "own"
kind = "vanthu"
organisation = "mine"
urls = ["https://127.0.0.1:1"]
san_uri = "urn:vanthu:org:H48.99.01"
ca = "ca.pem"
[[node]]
id = "hop"
kind = "vanthu"
organisation = "next"
urls = ["https://127.0.0.1:2"]
san_uri = "urn:vanthu:org:H48"
ca = "ca.pem"
)";

class scripted final : public delivery::transport {
public:
    std::mutex guard;
    std::deque<outcome> script;
    outcome otherwise{.what = outcome::kind::deferred, .code = "net.connect_refused"};
    unsigned attempts = 0, running = 0, most_running = 0;
    std::vector<digest> hashes;
    std::vector<peer::notice> noticed;
    std::chrono::milliseconds takes{0};
    std::atomic<bool> held = false; // while true nothing is answered
    std::atomic<unsigned> asked = 0;
    std::vector<std::string> instances;

    static asio::awaitable<void> wait(std::atomic<bool>& while_true) {
        asio::steady_timer t(co_await asio::this_coro::executor);
        while (while_true) {
            t.expires_after(1ms);
            co_await t.async_wait(asio::use_awaitable);
        }
    }
    asio::awaitable<outcome> deliver(const delivery::outgoing& packet, steady_time) override {
        {
            std::lock_guard lock(guard);
            ++attempts;
            most_running = std::max(most_running, ++running);
            hashes.push_back(packet.transfer.packet_sha256);
        }
        if (takes.count()) {
            asio::steady_timer t(co_await asio::this_coro::executor, takes);
            co_await t.async_wait(asio::use_awaitable);
        }
        co_await wait(held);
        std::lock_guard lock(guard);
        --running;
        if (script.empty()) co_return otherwise;
        outcome o = script.front();
        script.pop_front();
        co_return o;
    }
    task<std::uint64_t> notify(const peer::notice_call& call, steady_time) override {
        ++asked;
        co_await wait(held);
        std::lock_guard lock(guard);
        noticed.insert(noticed.end(), call.notices.begin(), call.notices.end());
        instances.push_back(call.instance);
        co_return call.notices.back().sequence;
    }
    std::size_t told() {
        std::lock_guard lock(guard);
        return noticed.size();
    }
};

struct fixture {
    std::filesystem::path directory;
    std::unique_ptr<ledger::store> store;
    std::shared_ptr<const registry::registry> registry =
        std::make_shared<const registry::registry>(registry::registry::parse(registry_text, "test").value());
    scripted hop;
    std::map<std::string, scripted> others;
    system_clock clock;
    asio::thread_pool disk{1};
    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    std::unique_ptr<delivery::engine> engine;
    std::unique_ptr<task_group> group;
    std::thread runner;
    delivery::engine_options options;

    fixture() {
        std::string name = (std::filesystem::temp_directory_path() / "vanthu-delivery-XXXXXX").string();
        directory = ::mkdtemp(name.data());
        store = ledger::store::open({.directory = directory / "ledger"}).value();
        options.home = "@mine";
        options.organisation = "H48.99.01";
        options.first_retry = 2ms;
        options.longest_retry = 10ms;
        options.notice_interval = 5ms;
    }
    ~fixture() {
        stop();
        work.reset();
        disk.join();
        store->close();
        std::filesystem::remove_all(directory);
    }
    void start() {
        group = std::make_unique<task_group>();
        engine = std::make_unique<delivery::engine>(
            options, *store, io.get_executor(), disk, clock, [this] { return registry; },
            [this](const std::string& node) -> delivery::transport* {
                auto other = others.find(node);
                return node == "hop" ? &hop : other != others.end() ? &other->second : nullptr;
            });
        BOOST_REQUIRE(engine->start(*group).has_value());
        if (!runner.joinable()) runner = std::thread([this] { io.run(); });
    }
    void stop() {
        if (!group) return;
        group->cancel();
        BOOST_REQUIRE(group->join(10s));
        io.stop();
        runner.join();
        io.restart();
        engine.reset();
        group.reset();
    }
    // A status packet waiting for the hop; it came from `previous`.
    void add(const std::string& id, const std::string& previous = "", int priority = 0, const std::string& turn = "") {
        records::transfer_row row;
        auto done = store->commit_and_wait([&](ledger::transaction& t) -> result<> {
            records::writer w(t);
            VANTHU_TRY(auto payload, store->payloads().put("@mine", as_bytes("<status " + id + "/>")));
            VANTHU_CHECK(t.adopt(payload));
            records::document_row d;
            d.id = id;
            d.owner = "@mine";
            d.kind = records::document_kind::status;
            d.payload = payload.ref.encode();
            d.packet_sha256 = payload.ref.sha256;
            d.size = payload.ref.plain_length;
            d.previous_node = previous;
            w.put(d);
            w.put("@mine", records::consignment_row{
                               .document = id, .recipient_code = "H48", .recipient = "@next", .hop = "hop"});
            row.owner = "@mine";
            row.document = id;
            row.node = "hop";
            row.recipients = {"H48"};
            row.created_at = row.next_attempt_at = w.now();
            row.priority = priority;
            row.turn = turn;
            w.put(row);
            w.add_work("@mine", row);
            return {};
        });
        BOOST_REQUIRE(done.has_value());
        if (engine) engine->wake({row});
    }
    records::transfer_row transfer(const std::string& id) {
        return records::reader(store->committed()).transfer("@mine", id, "hop").value().value();
    }
    records::consignment_row consignment(const std::string& id) {
        return records::reader(store->committed()).consignment("@mine", id, "H48").value().value();
    }
    std::vector<std::string> events(const std::string& id) {
        std::vector<std::string> kinds;
        for (const auto& e : records::reader(store->committed()).events_of("@mine", id).value())
            kinds.push_back(e.kind);
        return kinds;
    }
    bool attempt_runs() {
        return eventually([&] {
            std::lock_guard lock(hop.guard);
            return hop.running == 1;
        });
    }
    void release(const std::string& id) {
        BOOST_REQUIRE(asio::co_spawn(io, engine->release("@mine", id, "hop"), asio::use_future).get().has_value());
    }
    void notice(const std::string& id, std::string kind, std::string code) {
        peer::notice_call told{.instance = "one", .notices = {}};
        told.notices.push_back({.sequence = ++noticed,
                                .packet_sha256 = transfer(id).packet_sha256,
                                .recipient = "H48",
                                .kind = std::move(kind),
                                .code = std::move(code),
                                .by = "H48",
                                .at = 1});
        auto kept = asio::co_spawn(io, delivery::receive_notices(*store, "@mine", "hop", told), asio::use_future).get();
        BOOST_REQUIRE(kept.has_value());
    }
    // As another part of the daemon would.
    void change(const std::string& id, const std::function<void(records::transfer_row&)>& how) {
        auto done = store->commit_and_wait([&](ledger::transaction& t) -> result<> {
            records::writer w(t);
            VANTHU_TRY(auto row, w.transfer("@mine", id, "hop"));
            how(*row);
            w.put(*row);
            return {};
        });
        BOOST_REQUIRE(done.has_value());
    }
    std::uint64_t noticed = 0;
    // Bounded only so that a broken engine does not hang the test.
    template <class F> bool eventually(F holds) {
        for (int i = 0; i < 2000; ++i) {
            if (holds()) return true;
            std::this_thread::sleep_for(5ms);
        }
        return false;
    }
};

outcome delivered(bool final_hop = false) {
    return {.what = outcome::kind::delivered, .receipt = "receipt", .final_hop = final_hop};
}
outcome deferred(std::string code) { return {.what = outcome::kind::deferred, .code = std::move(code)}; }
outcome refused(std::string code) { return {.what = outcome::kind::refused, .code = std::move(code)}; }

} // namespace

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

// The worst thing between the beginning of an attempt and its end is a change by somebody else.
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
