// The view of what stands where, against all rows read one by one.
#include "daemon/web/standing.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

namespace vanthu::web {
namespace {

using records::state;

struct rows {
    test::temporary_directory folder;
    std::unique_ptr<ledger::store> store = ledger::store::open({.directory = folder / "ledger"}).value();
    timestamp now = from_us(1'750'000'000'000'000);
    ~rows() { store->close(); }

    void put(const std::string& owner, const std::string& document, const std::string& code, state s,
             const std::string& hop, const std::string& reason = {}, bool with_event = true) {
        auto done = store->commit_and_wait([&](ledger::transaction& t) -> result<> {
            records::writer w(t);
            w.put(owner, records::consignment_row{.document = document,
                                                  .recipient_code = code,
                                                  .recipient = "@" + code,
                                                  .state_now = s,
                                                  .hop = hop,
                                                  .reason = reason,
                                                  .updated_at = to_us(now)});
            if (!with_event) return {};
            return w.add_event(owner, {.document = document, .recipient = code, .kind = "changed"});
        });
        BOOST_REQUIRE(done.has_value());
    }
    using counts = std::map<std::tuple<std::string, std::string, std::string, state>, std::size_t>;
    static counts of(const standing& s) {
        counts out;
        s.each_kind([&](const standing::kind& k, std::size_t n) { out[{k.owner, k.hop, k.reason, k.state_now}] += n; });
        return out;
    }
    static std::vector<std::string> newest(const standing& s, state of, const std::string& before = {}) {
        std::vector<std::string> out;
        s.newest(of, before, [&](const standing::document& d) {
            if (out.empty() || out.back() != d.id) out.push_back(d.id);
            return true;
        });
        return out;
    }
};

// Committed rows, counting who asks for them.
struct counted_view final : ledger::view {
    const ledger::view& of;
    mutable std::size_t reads = 0;
    explicit counted_view(const ledger::view& v) : of(v) {}
    result<std::optional<std::string>> get(std::string_view key) const override { return ++reads, of.get(key); }
    result<> scan(std::string_view prefix, std::string_view from, const row_visitor& visit,
                  ledger::direction way) const override {
        return ++reads, of.scan(prefix, from, visit, way);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(what_stands_where)

BOOST_FIXTURE_TEST_CASE(the_first_look_reads_everything_once, rows) {
    for (int i = 0; i < 100; ++i) put("@a", new_id(now), "H1", state::waiting, "h1");
    standing view;
    const counted_view read(store->committed());
    BOOST_REQUIRE(view.refresh(read, {"@a"}, now).has_value());
    BOOST_TEST(newest(view, state::waiting).size() == 100u);
    BOOST_TEST(read.reads < 20u);
}

BOOST_FIXTURE_TEST_CASE(counts_and_lists_are_those_of_the_rows_after_any_changes, rows) {
    std::mt19937 random(7);
    auto any = [&](std::size_t below) { return random() % below; };
    const std::vector<std::string> owners{"@a", "@b"}, hops{"local", "h1", "h2"}, reasons{"", "net.timed_out"};
    std::vector<std::pair<std::string, std::string>> made; // owner, document
    standing view;
    for (unsigned round = 0; round < 60; ++round) {
        for (std::size_t n = any(8); n > 0; --n) {
            now += std::chrono::seconds(any(100'000));
            if (made.empty() || any(3) == 0) made.emplace_back(owners[any(2)], new_id(now));
            const auto& [owner, document] = made[any(made.size())];
            put(owner, document, "H" + std::to_string(any(3)), static_cast<state>(any(8)), hops[any(3)],
                reasons[any(2)]);
        }
        BOOST_REQUIRE(view.refresh(store->committed(), owners, now).has_value());
        counts wanted;
        std::map<state, std::set<std::string, std::greater<>>> named;
        for (const std::string& owner : owners)
            BOOST_REQUIRE(records::reader(store->committed())
                              .each_consignment(owner,
                                                [&](const records::consignment_row& c) {
                                                    if (records::is_final(c.state_now) &&
                                                        c.updated_at < to_us(view.ended_from()))
                                                        return;
                                                    ++wanted[{owner, c.hop, c.reason, c.state_now}];
                                                    named[c.state_now].insert(c.document);
                                                })
                              .has_value());
        const counts seen = of(view);
        BOOST_TEST_REQUIRE((seen == wanted));
        for (const state s : {state::waiting, state::deferred, state::parked, state::delivered}) {
            const std::vector<std::string> all(named[s].begin(), named[s].end());
            BOOST_TEST_REQUIRE((newest(view, s) == all));
            if (all.size() < 2) continue;
            const std::vector<std::string> older(all.begin() + 1, all.end());
            BOOST_TEST_REQUIRE((newest(view, s, all.front()) == older));
        }
    }
    BOOST_TEST((view.ended_from() <= now - standing::window + std::chrono::minutes(2)));
}

BOOST_FIXTURE_TEST_CASE(what_waits_for_a_hop_is_told_by_document, rows) {
    const std::string id = new_id(now);
    put("@a", id, "H1", state::waiting, "h1");
    put("@a", id, "H2", state::waiting, "h1");
    put("@a", id, "H3", state::deferred, "h1");
    put("@a", id, "H4", state::waiting, "h2");
    put("@a", id, "H5", state::delivered, "h1");
    standing view;
    BOOST_REQUIRE(view.refresh(store->committed(), {"@a"}, now).has_value());
    const std::vector<std::pair<state, std::uint32_t>> wanted{{state::waiting, 2}, {state::deferred, 1}};
    BOOST_TEST((view.open_for(id, "h1") == wanted));
    BOOST_TEST(view.open_for(new_id(now), "h1").empty());
}

BOOST_FIXTURE_TEST_CASE(a_change_that_no_event_told_of_is_found_by_reading_again_in_turn, rows) {
    std::vector<std::string> all;
    for (int i = 0; i < 10; ++i) {
        all.push_back(new_id(now));
        put("@a", all.back(), "H1", state::waiting, "h1");
    }
    standing view({.read_again = 4});
    BOOST_REQUIRE(view.refresh(store->committed(), {"@a"}, now).has_value());
    for (const std::string& id : all) put("@a", id, "H1", state::parked, "h1", "delivery.attempts", false);
    std::size_t before = newest(view, state::parked).size();
    for (int minute = 0; minute < 4; ++minute) {
        now += std::chrono::minutes(1);
        BOOST_REQUIRE(view.refresh(store->committed(), {"@a"}, now).has_value());
        const std::size_t found = newest(view, state::parked).size();
        BOOST_TEST(found - before <= 4u); // a part each minute, however much is open
        before = found;
    }
    BOOST_TEST(before == 10u);
}

BOOST_FIXTURE_TEST_CASE(too_many_that_have_ended_shorten_the_window_and_it_says_so, rows) {
    for (int i = 0; i < 50; ++i) {
        put("@a", new_id(now), "H1", state::delivered, "h1");
        now += std::chrono::hours(1);
    }
    standing view({.most_ended = 20});
    BOOST_REQUIRE(view.refresh(store->committed(), {"@a"}, now).has_value());
    const std::size_t kept = newest(view, state::delivered).size();
    BOOST_TEST(kept <= 20u);
    BOOST_TEST(kept > 5u);
    BOOST_TEST((now - view.ended_from() < std::chrono::hours(21)));
    BOOST_TEST((now - view.ended_from() >= std::chrono::hours(kept)));
}

BOOST_FIXTURE_TEST_CASE(codes_that_a_peer_invents_are_counted_under_one_kind, rows) {
    standing view;
    for (int i = 0; i < 20; ++i) {
        put("@a", new_id(now), "H1", state::parked, "h1", "peer.invented_" + std::to_string(i));
        put("@a", new_id(now), "H1", state::parked, "h1", i % 2 ? "net.timed_out" : "registry.would_return");
        BOOST_REQUIRE(view.refresh(store->committed(), {"@a"}, now).has_value());
    }
    const counts wanted{{{"@a", "h1", standing::other_reason, state::parked}, 20},
                        {{"@a", "h1", "net.timed_out", state::parked}, 10},
                        {{"@a", "h1", "registry.would_return", state::parked}, 10}};
    BOOST_TEST((of(view) == wanted));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::web
