// One group is being written while the next is decided: what the second sees, and what becomes of it.
#include "daemon/ledger/keys.hpp"
#include "tests/ledger/scenario.hpp"

#include <boost/test/unit_test.hpp>
#include <deque>
#include <fmt/format.h>
#include <future>
#include <random>

using namespace vanthu;
using namespace vanthu::ledger;
using namespace vanthu::ledger::test;

namespace {

// Holds the writer at its first sync until open().
struct held_writer {
    explicit held_writer(machine& of) : m(of) {
        BOOST_REQUIRE(m.start().has_value());
        m.on.before_sync([this] {
            if (!held.exchange(true)) reached.set_value();
            gate.wait();
        });
    }
    ~held_writer() {
        open();
        m.on.before_sync(nullptr);
    }
    void open() {
        if (!opened.exchange(true)) may_go.set_value();
    }
    std::future<result<>> commit(change c) {
        auto answer = std::make_shared<std::promise<result<>>>();
        m.running->commit(std::move(c), [answer](result<> r) { answer->set_value(std::move(r)); });
        return answer->get_future();
    }
    // Decided, and answered or not.
    void decided() {
        std::promise<void> ran;
        others.push_back(commit([&](transaction&) -> result<> { return ran.set_value(), result<>(); }));
        ran.get_future().wait();
    }

    machine& m;
    std::atomic<bool> held{false}, opened{false};
    std::promise<void> may_go, reached;
    std::shared_future<void> gate = may_go.get_future().share();
    std::vector<std::future<result<>>> others;
};

bool is_waiting(const std::future<result<>>& f) {
    return f.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
}
std::error_code code_of(std::future<result<>>& f) {
    const result<> answer = f.get();
    return answer ? std::error_code() : answer.error().code;
}
std::string rows_of(const view& v, direction way = direction::forward, std::string_view from = "") {
    std::string seen;
    BOOST_REQUIRE(v.scan("p", from, [&](auto k, auto value) { return seen += fmt::format("{}={} ", k, value), true; },
                         way)
                      .has_value());
    return seen;
}
} // namespace

BOOST_AUTO_TEST_CASE(the_next_group_sees_the_one_being_written_and_nobody_else_does) {
    machine m;
    held_writer w(m);
    std::string inside, backwards;
    auto first = w.commit([](transaction& t) -> result<> {
        t.put("p1", "a");
        t.put("p2", "b");
        BOOST_TEST(t.next_sequence("#").value() == 1u);
        return {};
    });
    w.reached.get_future().wait();
    auto second = w.commit([&](transaction& t) -> result<> {
        BOOST_TEST(t.group() == 2u);
        BOOST_TEST(t.get("p1").value().value() == "a");
        BOOST_TEST(t.next_sequence("#").value() == 2u);
        t.erase("p1");
        t.put("p3", "c");
        inside = rows_of(t);
        backwards = rows_of(t, direction::backward, "p2");
        return {};
    });
    auto refused = w.commit([](transaction& t) -> result<> {
        return t.get("p2").value() ? failed(errc::row_malformed, "there") : result<>();
    });
    w.decided();
    BOOST_TEST(inside == "p2=b p3=c ");
    BOOST_TEST(backwards == "p2=b ");
    BOOST_TEST(rows_of(m.running->committed()) == "");
    BOOST_TEST(is_waiting(first));
    BOOST_TEST(is_waiting(second));
    BOOST_TEST(is_waiting(refused)); // it has seen what is not on disk yet
    w.open();
    BOOST_TEST(first.get().has_value());
    BOOST_TEST(second.get().has_value());
    BOOST_TEST((refused.get().error().code == errc::row_malformed));
    BOOST_TEST(rows_of(m.running->committed()) == "p2=b p3=c ");
}

BOOST_AUTO_TEST_CASE(what_was_decided_over_a_group_that_cannot_be_written_is_refused_with_it) {
    for (const refusal how : {refusal::no_space, refusal::io_error}) {
        machine m;
        held_writer w(m);
        // In a segment, which is synced before the rows are written.
        const auto payload = m.running->payloads().put("G22", bytes(3000, 7)).value();
        auto first = w.commit([&](transaction& t) -> result<> { return t.put("p1", "a"), t.adopt(payload); });
        w.reached.get_future().wait();
        auto second = w.commit([](transaction& t) -> result<> { return t.put("p2", "b"), result<>(); });
        auto reader = w.commit([](transaction& t) -> result<> {
            return t.get("p1").value() ? failed(errc::row_malformed, "there") : result<>();
        });
        w.decided();
        m.on.refuse_at(1, how, disk::for_good);
        w.open();
        const std::error_code told = how == refusal::no_space ? errc::no_space : errc::write_failed;
        BOOST_TEST(code_of(first) == told);
        BOOST_TEST(code_of(second) == told);
        BOOST_TEST(code_of(reader) == told);
        BOOST_TEST(rows_of(m.running->committed()) == "");
        m.on.refuse_at(0, refusal::none);
        const result<> later = m.running->commit_and_wait([](transaction& t) -> result<> {
            BOOST_TEST(t.group() == 1u);
            return {};
        });
        BOOST_TEST(later.has_value() == (how == refusal::no_space));
    }
}

// Against a plain map: three groups' changes, some of which fail, with the writer held now and then.
BOOST_AUTO_TEST_CASE(any_mixture_of_changes_reads_as_a_plain_map_does) {
    std::mt19937 random(20261123);
    machine m;
    BOOST_REQUIRE(m.start().has_value());
    m.on.before_sync([] { std::this_thread::sleep_for(std::chrono::microseconds(300)); });
    std::map<std::string, std::string> model; // as the committer sees it
    std::deque<std::future<result<>>> answers;
    std::string wrong;
    for (int i = 0; i < 1500; ++i) {
        const unsigned seed = random();
        auto answer = std::make_shared<std::promise<result<>>>();
        answers.push_back(answer->get_future());
        m.running->commit(
            [&, seed](transaction& t) -> result<> {
                std::mt19937 choice(seed);
                auto key = [&] { return fmt::format("p{:02}", choice() % 40); };
                auto after = model;
                for (unsigned n = choice() % 6; n > 0; --n) {
                    const std::string k = key();
                    if (choice() % 3 == 0) {
                        t.erase(k);
                        after.erase(k);
                    } else {
                        t.put(k, after[k] = std::to_string(choice() % 1000));
                    }
                }
                const std::string from = choice() % 2 ? key() : "";
                std::string forward, backward;
                for (const auto& [k, v] : after)
                    if (k >= from) forward += fmt::format("{}={} ", k, v);
                for (auto at = after.rbegin(); at != after.rend(); ++at)
                    if (from.empty() || at->first <= from) backward += fmt::format("{}={} ", at->first, at->second);
                const std::string one = key();
                const auto got = t.get(one).value();
                if (rows_of(t, direction::forward, from) != forward ||
                    rows_of(t, direction::backward, from) != backward || got.has_value() != after.contains(one) ||
                    (got && *got != after[one]))
                    wrong = fmt::format("seed {}", seed);
                if (choice() % 4 == 0) return failed(errc::row_malformed, "as asked");
                model = std::move(after);
                return {};
            },
            [answer](result<> r) { answer->set_value(std::move(r)); });
        while (answers.size() > 40) {
            answers.front().wait();
            answers.pop_front();
        }
    }
    for (auto& a : answers) a.wait();
    BOOST_TEST(wrong == "");
    std::string all;
    for (const auto& [k, v] : model) all += fmt::format("{}={} ", k, v);
    BOOST_TEST(rows_of(m.running->committed()) == all);
    m.stop();
    BOOST_REQUIRE(m.start().has_value());
    BOOST_TEST(rows_of(m.running->committed()) == all);
}
