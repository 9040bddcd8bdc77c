// The engine against a real store and a transport that answers what a script says. One process a program.
#pragma once

#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/delivery/engine.hpp"
#include "daemon/delivery/errors.hpp"
#include "daemon/ledger/commit_task.hpp"
#include "daemon/ledger/keys.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <future>
#include <thread>

namespace delivery_test {

using namespace vanthu;
using namespace std::chrono_literals;
using delivery::outcome;
using records::state;

inline constexpr std::string_view registry_text = R"(
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
    std::function<std::optional<outcome>(const delivery::outgoing&)> answer; // goes before the script
    unsigned attempts = 0, running = 0, most_running = 0;
    std::vector<digest> hashes;
    std::string* reads = nullptr; // where set: the packet's bytes go there
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
        if (reads) {
            net::producer body = packet.body(0);
            bytes into(64u << 10);
            for (std::size_t n = 1; n > 0;) {
                n = (co_await body.read_some(into)).value();
                reads->append(as_text(bytes_view(into).first(n)));
            }
        }
        std::lock_guard lock(guard);
        --running;
        if (answer)
            if (auto given = answer(packet)) co_return *given;
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

// What the log says while this lives.
class said {
public:
    said() {
        log::configure({.lines_per_window = 0, .observer = [this](log::level, std::string_view line) {
                            std::lock_guard lock(guard_);
                            lines_.emplace_back(line);
                        }});
    }
    ~said() { log::configure({}); }
    std::size_t often(std::string_view stage) {
        std::lock_guard lock(guard_);
        return std::size_t(std::ranges::count_if(
            lines_, [&](const std::string& line) { return line.find(stage) != std::string::npos; }));
    }

private:
    std::mutex guard_;
    std::vector<std::string> lines_;
};

// The wall clock, and how far somebody has moved it.
struct moved_clock final : wall_clock {
    std::atomic<std::int64_t> by = 0;
    timestamp now() const override { return system_clock().now() + std::chrono::microseconds(by); }
};

struct fixture {
    vanthu::test::temporary_directory folder;
    std::unique_ptr<ledger::store> store;
    std::shared_ptr<const registry::registry> registry =
        std::make_shared<const registry::registry>(registry::registry::parse(registry_text, "test").value());
    scripted hop;
    std::map<std::string, scripted> others;
    std::shared_ptr<moved_clock> clock = std::make_shared<moved_clock>();
    asio::thread_pool disk{1};
    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    std::unique_ptr<delivery::engine> engine;
    std::unique_ptr<task_group> group;
    std::thread runner;
    delivery::engine_options options;

    fixture() {
        store = ledger::store::open({.directory = folder / "ledger", .clock = clock}).value();
        options.home = "@mine";
        options.organisation = "H48.99.01";
        options.first_retry = 2ms;
        options.longest_retry = 10ms;
        options.notice_interval = 5ms;
        options.first_window = 8; // slow start has its own tests
        options.first_probe = 2ms;
        options.longest_probe = 10ms;
    }
    ~fixture() {
        stop();
        work.reset();
        disk.join();
        store->close();
    }
    void start() {
        group = std::make_unique<task_group>();
        engine = std::make_unique<delivery::engine>(
            options, *store, io.get_executor(), disk, *clock, [this] { return registry; },
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
    void add(const std::string& id, const std::string& previous = "", int priority = 0, const std::string& turn = "",
             records::document_kind kind = records::document_kind::status) {
        records::transfer_row row;
        auto done = store->commit_and_wait([&](ledger::transaction& t) -> result<> {
            records::writer w(t);
            VANTHU_TRY(auto payload, store->payloads().put("@mine", as_bytes("<status " + id + "/>")));
            VANTHU_CHECK(t.adopt(payload));
            records::document_row d;
            d.id = id;
            d.owner = "@mine";
            d.kind = kind;
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
            row.size = d.size;
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
    // Its work says so too, as after a start.
    void make_older(const std::string& id, std::chrono::microseconds by) {
        change(id, [&](records::transfer_row& t) { t.created_at -= by.count(); });
        commit([&](ledger::transaction& t) { records::writer(t).add_work("@mine", transfer(id)); });
    }
    void damage(ledger::row_key key) {
        commit([&](ledger::transaction& t) { t.put(key, "?"); });
    }
    void commit(const std::function<void(ledger::transaction&)>& how) {
        auto done = store->commit_and_wait([&](ledger::transaction& t) -> result<> {
            how(t);
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

inline outcome delivered(bool final_hop = false) {
    return {.what = outcome::kind::delivered, .receipt = "receipt", .final_hop = final_hop};
}
inline outcome deferred(std::string code) { return {.what = outcome::kind::deferred, .code = std::move(code)}; }
inline outcome refused(std::string code) { return {.what = outcome::kind::refused, .code = std::move(code)}; }

} // namespace delivery_test
