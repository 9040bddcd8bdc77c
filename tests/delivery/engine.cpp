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
        std::lock_guard lock(guard);
        --running;
        if (script.empty()) co_return otherwise;
        outcome o = script.front();
        script.pop_front();
        co_return o;
    }
    task<std::uint64_t> notify(const std::vector<peer::notice>& n, steady_time) override {
        std::lock_guard lock(guard);
        noticed.insert(noticed.end(), n.begin(), n.end());
        co_return n.back().sequence;
    }
};

struct fixture {
    std::filesystem::path directory;
    std::unique_ptr<ledger::store> store;
    std::shared_ptr<const registry::registry> registry =
        std::make_shared<const registry::registry>(registry::registry::parse(registry_text, "test").value());
    scripted hop;
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
            [this](const std::string& node) -> delivery::transport* { return node == "hop" ? &hop : nullptr; });
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
    void add(const std::string& id, const std::string& previous = "", int priority = 0) {
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
    add("d1");
    start();
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::parked; }));
    BOOST_TEST(hop.attempts == 3u);
    BOOST_TEST(records::reader(store->committed()).waiting_work("@mine").value().empty());
    hop.otherwise = delivered();
    auto released = asio::co_spawn(io, engine->release("@mine", "d1", "hop"), asio::use_future).get();
    BOOST_TEST(released.has_value());
    BOOST_REQUIRE(eventually([&] { return transfer("d1").state_now == state::delivered; }));
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
    std::vector<peer::notice> told{{.sequence = 1,
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
