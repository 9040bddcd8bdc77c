// The store's promises apart from power cuts: order, isolation, refusals at opening, damage.
#include "daemon/ledger/big_endian.hpp"
#include "daemon/ledger/keys.hpp"
#include "daemon/ledger/rows.hpp"
#include "daemon/ledger/rows_database.hpp"
#include "tests/ledger/scenario.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <future>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>
#include <thread>

using namespace vanthu;
using namespace vanthu::ledger;
using namespace vanthu::ledger::test;

namespace {
void must(const result<>& r) { BOOST_REQUIRE_MESSAGE(r, (r ? "" : r.error().code.message() + " " + r.error().detail)); }
change puts(std::string key, std::string value) {
    return [=](transaction& t) -> result<> { return t.put(key, value), result<>(); };
}
bool is(const result<>& r, errc code) { return !r && r.error().code == code; }
std::string log_of(const disk& d) {
    std::string log;
    for (const auto& path : d.files_below("/disk/store/rows"))
        if (path.ends_with(".log") && !d.content(path).empty()) log = path;
    return log;
}
} // namespace

BOOST_AUTO_TEST_CASE(a_change_sees_the_earlier_changes_of_its_group_in_both_directions) {
    machine m;
    must(m.start());
    must(m.running->commit_and_wait([](transaction& t) -> result<> {
        for (const char* k : {"p1", "p3", "p5", "q1"}) t.put(k, "old");
        return {};
    }));
    must(m.running->commit_and_wait([](transaction& t) -> result<> {
        t.put("p4", "new");
        t.put("p5", "changed");
        t.erase("p1");
        auto keys = [&](std::string_view from, direction way) {
            std::string seen;
            must(t.scan("p", from, [&](auto k, auto v) { return seen += fmt::format("{}={} ", k, v), true; }, way));
            return seen;
        };
        BOOST_TEST(keys("", direction::forward) == "p3=old p4=new p5=changed ");
        BOOST_TEST(keys("p4", direction::forward) == "p4=new p5=changed ");
        BOOST_TEST(keys("", direction::backward) == "p5=changed p4=new p3=old ");
        BOOST_TEST(keys("p4", direction::backward) == "p4=new p3=old ");
        BOOST_TEST(!t.get("p1").value());
        return {};
    }));
    std::string seen;
    must(m.running->committed().scan(
        "p", "", [&](auto k, auto) { return seen += k, seen.size() < 4; }, direction::backward));
    BOOST_TEST(seen == "p5p4");
}

BOOST_AUTO_TEST_CASE(a_failed_change_is_rolled_back_and_gives_its_number_back) {
    machine m;
    must(m.start());
    std::vector<std::uint64_t> numbers;
    bool ran_after = false;
    auto numbered = [&](bool succeed) -> change {
        return [&, succeed](transaction& t) -> result<> {
            VANTHU_TRY(auto n, t.next_sequence("#"));
            t.put(fmt::format("n{}", n), "");
            if (!succeed) {
                t.after_commit([&] { ran_after = true; });
                return failed(errc::row_malformed, "as asked");
            }
            numbers.push_back(n);
            return {};
        };
    };
    must(m.running->commit_and_wait(numbered(true)));
    BOOST_TEST(is(m.running->commit_and_wait(numbered(false)), errc::row_malformed));
    must(m.running->commit_and_wait(numbered(true)));
    BOOST_TEST(numbers == (std::vector<std::uint64_t>{1, 2}), boost::test_tools::per_element());
    BOOST_TEST(!ran_after);
}

BOOST_AUTO_TEST_CASE(a_counter_whose_numbers_are_rows_goes_on_from_the_last_of_them) {
    machine m;
    must(m.start());
    auto commit = [&](const std::function<result<>(transaction&)>& run) { return m.running->commit_and_wait(run); };
    const std::string inbox = row_key("@a", 'I').take(), other = row_key("@b", 'I').take();
    auto give = [](transaction& t, std::string counter, const std::string& rows) -> result<std::uint64_t> {
        VANTHU_TRY(const std::uint64_t n, t.next_sequence(counter, rows));
        std::string key = rows;
        put_big_endian(key, n);
        t.put(key, "entry");
        BOOST_TEST(last_sequence(t, counter, rows).value() == n);
        return n;
    };
    auto gives = [&](std::string counter, const std::string& rows, std::uint64_t expected) {
        must(commit([&](transaction& t) -> result<> {
            BOOST_TEST(give(t, counter, rows).value() == expected);
            return {};
        }));
        BOOST_TEST(last_sequence(m.running->committed(), counter, rows).value() == expected);
    };
    auto row = [&](std::string_view counter) { return m.running->committed().get(counter).value().value(); };
    // As a former version left it: the counter's own row.
    must(commit([&](transaction& t) -> result<> {
        for (int i = 0; i < 3; ++i) VANTHU_CHECK(t.next_sequence("a"));
        return {};
    }));
    BOOST_TEST(last_sequence(m.running->committed(), "a", inbox).value() == 3u);
    for (const bool again : {false, true}) { // with nothing in memory
        m.stop();
        must(m.start());
        gives("a", inbox, again ? 6 : 4);
        const std::string said = row("a");
        // Which that version must not take for a number: it would give one twice.
        BOOST_TEST((row_reader::open(said, '#', 1).error().code == errc::row_newer));
        gives("a", inbox, again ? 7 : 5);
        BOOST_TEST(row("a") == said);
    }
    // A change that fails gives its number and its first row back.
    BOOST_TEST(is(commit([&](transaction& t) -> result<> {
                      BOOST_TEST(give(t, "b", other).value() == 1u);
                      return failed(errc::row_malformed, "as asked");
                  }),
                  errc::row_malformed));
    BOOST_TEST(last_sequence(m.running->committed(), "b", other).value() == 0u);
    gives("b", other, 1);
    m.stop();
    must(m.start());
    gives("b", other, 2);
}

BOOST_AUTO_TEST_CASE(numbers_stay_dense_when_a_change_in_the_middle_of_a_group_fails) {
    machine m;
    must(m.start());
    std::promise<void> queued;
    std::vector<std::uint64_t> numbers, groups;
    std::vector<std::future<result<>>> answers;
    auto add = [&](change run) {
        auto answer = std::make_shared<std::promise<result<>>>();
        answers.push_back(answer->get_future());
        m.running->commit(std::move(run), [answer](result<> r) { answer->set_value(std::move(r)); });
    };
    auto two = [&](bool succeed) -> change {
        return [&, succeed](transaction& t) -> result<> {
            for (int i = 0; i < 2; ++i) {
                VANTHU_TRY(auto n, t.next_sequence("#"));
                auto row = t.get("#").value().value(); // as a reader within the group sees it
                BOOST_TEST(row_reader::open(row, '#', 1).value().u64().value() == n);
                numbers.push_back(n);
            }
            groups.push_back(t.group());
            return succeed ? result<>{} : failed(errc::row_malformed, "as asked");
        };
    };
    add([&](transaction&) -> result<> {
        queued.get_future().wait(); // so that the others share the next group
        return {};
    });
    add(two(false));
    add(two(true));
    add(two(false));
    add(two(true));
    queued.set_value();
    std::vector<bool> good;
    for (auto& a : answers) good.push_back(a.get().has_value());
    BOOST_TEST(good == (std::vector<bool>{true, false, true, false, true}), boost::test_tools::per_element());
    BOOST_TEST(numbers == (std::vector<std::uint64_t>{1, 2, 1, 2, 3, 4, 3, 4}), boost::test_tools::per_element());
    BOOST_TEST(groups.front() == groups.back());
    must(m.running->commit_and_wait([&](transaction& t) -> result<> {
        BOOST_TEST(t.next_sequence("#").value() == 5u);
        return {};
    }));
}

namespace {
struct witness final : group_observer {
    void change_begins() override { ++begun; }
    void change_undone() override { ++undone; }
    result<> seal(transaction& t) override {
        if (refuse) return failed(errc::row_malformed, "observer");
        t.put("seal", std::to_string(t.group()));
        return {};
    }
    void durable() override { order += "durable "; }
    void group_abandoned() override { order += "abandoned "; }
    int begun = 0, undone = 0;
    bool refuse = false;
    std::string order;
};
} // namespace

BOOST_AUTO_TEST_CASE(an_observer_seals_every_group_before_any_caller_is_answered) {
    witness w;
    machine m;
    must(m.start());
    m.running->register_observer(w);
    must(m.running->commit_and_wait([&](transaction& t) -> result<> {
        t.after_commit([&] { w.order += "after "; });
        return {};
    }));
    BOOST_TEST(w.order == "durable after ");
    BOOST_TEST(m.running->committed().get("seal").value().value() == "1");
    BOOST_TEST(!m.running->commit_and_wait([](transaction&) -> result<> { return failed(errc::row_malformed); }));
    BOOST_TEST(w.undone == 1);
    w.refuse = true;
    BOOST_TEST(is(m.running->commit_and_wait(puts("k", "v")), errc::row_malformed));
    BOOST_TEST(w.order == "durable after abandoned ");
    BOOST_TEST(!m.running->committed().get("k").value());
    w.refuse = false;
    must(m.running->commit_and_wait(puts("k", "v")));
    BOOST_TEST(m.running->committed().get("seal").value().value() == "2");
    m.stop();
}

BOOST_AUTO_TEST_CASE(thirty_two_threads_commit_and_every_number_is_given_once) {
    machine m;
    must(m.start());
    std::mutex mutex;
    std::vector<std::uint64_t> numbers;
    std::vector<std::thread> threads;
    std::atomic<int> failures{0};
    for (int i = 0; i < 32; ++i)
        threads.emplace_back([&, i] {
            for (int j = 0; j < 20; ++j) {
                auto content = bytes(std::size_t(100 + 100 * i), std::uint8_t(j));
                auto stored = m.running->payloads().put("G22", content).value();
                std::uint64_t n = 0;
                if (!m.running->commit_and_wait([&](transaction& t) -> result<> {
                        VANTHU_CHECK(t.adopt(stored));
                        VANTHU_TRY(n, t.next_sequence("#"));
                        return {};
                    }) ||
                    m.running->payloads().read(stored.ref).value_or(bytes()) != content)
                    ++failures;
                std::lock_guard lock(mutex);
                numbers.push_back(n);
            }
        });
    for (auto& t : threads) t.join();
    BOOST_TEST(failures == 0);
    std::ranges::sort(numbers);
    for (std::size_t i = 0; i < numbers.size(); ++i) BOOST_REQUIRE(numbers[i] == i + 1);
    BOOST_TEST(numbers.size() == 640u);
}

BOOST_AUTO_TEST_CASE(a_queue_read_from_its_remembered_head_does_not_walk_over_erased_rows) {
    machine m;
    must(m.start());
    constexpr std::uint64_t rows = 5000;
    auto key = [](std::uint64_t n) { return row_key("G22", 'Q').u64(n).take(); };
    must(m.running->commit_and_wait([&](transaction& t) -> result<> {
        for (std::uint64_t n = 0; n < rows; ++n) t.put(key(n), "x");
        return {};
    }));
    must(m.running->commit_and_wait([&](transaction& t) -> result<> {
        for (std::uint64_t n = 0; n + 1 < rows; ++n) t.erase(key(n));
        return {};
    }));
    auto skipped = [&](std::string_view from) {
        rocksdb::SetPerfLevel(rocksdb::kEnableCount);
        rocksdb::get_perf_context()->Reset();
        int seen = 0;
        must(m.running->committed().scan(row_key("G22", 'Q'), from, [&](auto, auto) { return ++seen, true; }));
        BOOST_TEST(seen == 1);
        return rocksdb::get_perf_context()->internal_delete_skipped_count;
    };
    BOOST_TEST(skipped("") >= rows - 1); // what it would cost without the head
    BOOST_TEST(skipped(key(rows - 1)) == 0u);
}

BOOST_AUTO_TEST_CASE(a_snapshot_stays_while_the_store_goes_on) {
    machine m;
    must(m.start());
    must(m.running->commit_and_wait(puts("k", "1")));
    auto then = m.running->snapshot();
    must(m.running->commit_and_wait(puts("k", "2")));
    BOOST_TEST(then->get("k").value().value() == "1");
    BOOST_TEST(m.running->committed().get("k").value().value() == "2");
}

BOOST_AUTO_TEST_CASE(a_second_opener_is_refused_and_a_closed_store_refuses_changes) {
    machine m;
    must(m.start());
    BOOST_TEST((store::open(m.options()).error().code == errc::in_use));
    m.running->close();
    BOOST_TEST(is(m.running->commit_and_wait(puts("k", "v")), errc::closed));
    m.stop();
    must(m.start());
    BOOST_TEST(m.running->recovery().closed_cleanly);
}

BOOST_AUTO_TEST_CASE(a_missing_or_foreign_directory_is_refused) {
    machine m;
    auto o = m.options();
    o.create = false;
    BOOST_TEST((store::open(o).error().code == errc::directory_missing));
    disk::node made;
    m.on.create("/disk/store", true, made);
    BOOST_TEST((store::open(o).error().code == errc::directory_missing));
    m.on.create("/disk/store/letters", false, made);
    BOOST_TEST((store::open(m.options()).error().code == errc::foreign_directory));
}

BOOST_AUTO_TEST_CASE(a_newer_format_and_rows_of_another_store_are_refused) {
    machine m, other;
    must(m.start());
    m.stop();
    must(other.start());
    other.stop();
    auto identity = m.on.content("/disk/store/STORE");
    auto digit = identity.find("format 2") + 7;
    m.on.overwrite("/disk/store/STORE", digit, '3');
    BOOST_TEST(is(m.start(), errc::newer_format));
    m.on.overwrite("/disk/store/STORE", digit, '0');
    BOOST_TEST(is(m.start(), errc::damaged));
    auto foreign = other.on.content("/disk/store/STORE");
    for (std::size_t i = 0; i < foreign.size(); ++i) m.on.overwrite("/disk/store/STORE", i, foreign[i]);
    BOOST_TEST(is(m.start(), errc::foreign_directory));
}

// A store as programs of the first format left it. Raising it writes the number in two places, one after the other.
BOOST_AUTO_TEST_CASE(a_store_of_the_former_format_is_raised_whatever_stops_it_so_that_older_programs_refuse_it) {
    machine former;
    memory told;
    must(former.start());
    run_scenario(former, told);
    former.stop();
    {
        store_identity identity = read_identity(*former.files, former.directory).value();
        BOOST_TEST(identity.format == 2u);
        identity.format = 1;
        must(replace_identity(*former.files, former.directory, identity));
        bool torn = false;
        auto rows = rows_database::open({.directory = "/disk/store/rows", .env = former.rows.get(), .write_failed = {}},
                                        0, torn);
        BOOST_REQUIRE(rows.has_value());
        must((*rows)->set_identity(identity));
        must((*rows)->flush());
    }
    auto formats = [](machine& m) {
        std::pair<std::uint32_t, std::uint32_t> both{read_identity(*m.files, m.directory).value().format, 0};
        bool torn = false;
        auto rows =
            rows_database::open({.directory = "/disk/store/rows", .env = m.rows.get(), .write_failed = {}}, 0, torn);
        BOOST_REQUIRE(rows.has_value());
        both.second = (*rows)->identity().value().format;
        return both;
    };
    bool half = false, refused = true;
    for (std::uint64_t at = 1; refused; ++at) {
        machine m(former);
        m.on.refuse_at(m.on.operations() + at, refusal::power_cut);
        refused = !m.start();
        m.stop();
        m.on.power_on(remains::in_order, at);
        half = half || (refused && read_identity(*m.files, m.directory).value().format == 2);
        must(m.start());
        BOOST_REQUIRE_MESSAGE(broken_promise(m, told).empty(), "at " << at << ": " << broken_promise(m, told));
        m.stop();
        BOOST_REQUIRE((formats(m) == std::pair{2u, 2u}));
    }
    BOOST_TEST(half);
}

BOOST_AUTO_TEST_CASE(no_flipped_byte_of_the_row_log_loses_an_acknowledged_change) {
    machine m;
    must(m.start());
    for (int i = 0; i < 4; ++i) must(m.running->commit_and_wait(puts(fmt::format("k{}", i), "value")));
    auto path = log_of(m.on);
    auto size = m.on.content(path).size();
    std::size_t refused = 0;
    for (std::size_t at = 0; at < size; at += 3) {
        machine copy(m); // as after kill -9
        copy.on.overwrite(path, at, char(copy.on.content(path)[at] ^ 0x20));
        if (auto started = copy.start(); !started) {
            BOOST_TEST((is(started, errc::damaged) || is(started, errc::shorter_than_committed)));
            ++refused;
            continue;
        }
        for (int i = 0; i < 4; ++i)
            BOOST_TEST(copy.running->committed().get(fmt::format("k{}", i)).value().has_value(), "byte " << at);
    }
    BOOST_TEST(refused == (size + 2) / 3);
    machine whole(m);
    must(whole.start());
    BOOST_TEST(!whole.running->recovery().closed_cleanly);
    BOOST_TEST(!whole.running->recovery().torn_tail_dropped);
}

BOOST_AUTO_TEST_CASE(a_store_shorter_than_its_own_records_is_refused) {
    machine m;
    must(m.start());
    memory told;
    for (unsigned n = 0; n < 4; ++n) must(accept_one(*m.running, told, 1)); // segment payloads, a group each
    auto log = log_of(m.on);
    auto length = m.on.content(log).size();
    {
        machine copy(m); // the row log ends early, on the border of a record or not
        copy.on.cut_off(log, length - 1);
        BOOST_TEST(is(copy.start(), errc::shorter_than_committed));
    }
    {
        machine copy(m); // even without the mark the payload records remember the groups before them
        copy.on.remove("/disk/store/committed");
        copy.on.cut_off(log, length / 3);
        BOOST_TEST(is(copy.start(), errc::shorter_than_committed));
    }
    {
        machine copy(m);
        copy.on.remove(log);
        BOOST_TEST(!copy.start());
    }
    {
        machine copy(m);
        copy.on.cut_off("/disk/store/segments/00000001.segment", 5000);
        BOOST_TEST(is(copy.start(), errc::payload_missing));
    }
    {
        machine copy(m);
        copy.on.remove("/disk/store/segments/00000001.segment");
        BOOST_TEST(is(copy.start(), errc::payload_missing));
    }
}

BOOST_AUTO_TEST_CASE(an_unacknowledged_torn_tail_is_dropped_and_reported) {
    machine m;
    must(m.start());
    must(m.running->commit_and_wait(puts("k1", "value")));
    disk before(m.on);
    auto log = log_of(m.on);
    must(m.running->commit_and_wait(puts("k2", "value")));
    machine copy(m); // group 2 was being written when the power went: half of it, and the mark still says 1
    copy.on.cut_off(log, m.on.content(log).size() - 7);
    auto mark = before.content("/disk/store/committed");
    for (std::size_t i = 0; i < mark.size(); ++i) copy.on.overwrite("/disk/store/committed", i, mark[i]);
    must(copy.start());
    BOOST_TEST(copy.running->recovery().torn_tail_dropped);
    BOOST_TEST(copy.running->recovery().last_group == 1u);
    BOOST_TEST(copy.running->committed().get("k1").value().has_value());
    BOOST_TEST(!copy.running->committed().get("k2").value());
}
