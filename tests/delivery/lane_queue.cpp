// The queue of a lane against a model that looks at everything each time: random operations, thousands of sequences.
#include "daemon/delivery/lane_queue.hpp"
#include "daemon/base/ids.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

using namespace vanthu;
using delivery::lane_queue;

namespace {

// Whole seconds, as the queue rounds to them.
constexpr std::int64_t second = 1'000'000, lifetime = 400 * second, warn_after = 250 * second;

struct item {
    lane_queue::entry entry;
    std::uint64_t arrival = 0;
    bool active = false, put_off = false;
    int urgency() const { return std::clamp(entry.urgency, 0, 4); }
};

// What the header promises, with none of its means.
class model {
public:
    std::map<std::string, item> items;
    std::array<unsigned, 5> passed{}; // takes in a row in which the class could have gone
    std::uint64_t arrivals = 0;

    bool turn_taken(const std::string& turn) const {
        return !turn.empty() && std::ranges::any_of(items, [&](const auto& i) {
            return i.second.active && i.second.entry.turn == turn;
        });
    }
    bool may_go(const item& i, std::int64_t now) const {
        return !i.active && i.entry.due <= now && !turn_taken(i.entry.turn);
    }
    // The first of each class that may go.
    std::array<const item*, 5> heads(std::int64_t now) const {
        std::array<const item*, 5> out{};
        for (const auto& [id, i] : items) {
            if (!may_go(i, now)) continue;
            const item*& best = out[std::size_t(i.urgency())];
            if (!best || std::pair(i.entry.due, i.arrival) < std::pair(best->entry.due, best->arrival)) best = &i;
        }
        return out;
    }
    void put(const lane_queue::entry& e) {
        item& i = items[e.document];
        if (i.active) return;
        if (i.arrival == 0) {
            i.arrival = ++arrivals;
            i.entry = e;
        }
        i.entry.due = e.due;
        i.entry.urgency = e.urgency;
        i.put_off = false;
    }
    // Whose time has come is put off no more.
    void look(std::int64_t now) {
        for (auto& [id, i] : items) i.put_off = i.put_off && i.entry.due > now;
    }
    std::size_t active() const {
        return std::size_t(std::ranges::count_if(items, [](const auto& i) { return i.second.active; }));
    }
    std::uint64_t bytes() const {
        std::uint64_t n = 0;
        for (const auto& [id, i] : items) n += (i.entry.bytes + 63) / 64 * 64;
        return n;
    }
};

class sequence {
public:
    sequence(std::uint64_t seed, bool turns) : random_(seed), turns_(turns) {}

    void run(int steps) {
        for (int s = 0; s < steps; ++s) step();
        drain();
    }

private:
    std::uint64_t pick(std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random_); }
    template <class F> const item* any(F wanted) {
        std::vector<const item*> all;
        for (const auto& [id, i] : model_.items)
            if (wanted(i)) all.push_back(&i);
        return all.empty() ? nullptr : all[pick(all.size())];
    }

    void step() {
        const std::uint64_t what = pick(20);
        if (what < 7)
            put();
        else if (what < 12)
            take();
        else if (what < 15)
            conclude();
        else if (what == 15)
            erase();
        else if (what == 16)
            retime();
        else if (what == 17)
            expire();
        else if (what == 18)
            warn();
        else
            now_ += std::int64_t(pick(20)) * second;
        same_figures();
    }

    void put() {
        lane_queue::entry e;
        if (const item* known = pick(5) == 0 ? any([](const item&) { return true; }) : nullptr) {
            e = known->entry;
        } else {
            e.document = pick(4) ? new_id(from_us(now_)) : "plain-" + std::to_string(++plain_);
            e.owner = pick(3) ? "@mine" : "@other";
            e.created = now_ - std::int64_t(pick(100)) * second;
            e.bytes = pick(300'000);
            if (turns_ && pick(2)) e.turn = "turn-" + std::to_string(pick(6));
        }
        e.due = pick(3) ? now_ - std::int64_t(pick(5)) * second : now_ + std::int64_t(pick(60)) * second;
        e.urgency = static_cast<int>(pick(3) ? 3 + pick(2) : pick(7)) - (pick(9) == 0); // -1 and above 4 too
        queue_.put(e, pick(2) ? now_ : 0);
        model_.put(e);
    }

    void take() {
        const auto heads = model_.heads(now_);
        model_.look(now_);
        BOOST_REQUIRE((queue_.next_due(now_) == 0 || queue_.next_due(now_) > now_));
        const auto got = queue_.take(now_);
        const bool some = std::ranges::any_of(heads, [](const item* i) { return i != nullptr; });
        BOOST_REQUIRE_EQUAL(got.has_value(), some);
        if (!got) return;
        const auto at = model_.items.find(got->document);
        BOOST_REQUIRE(at != model_.items.end()); // nothing that is gone
        item& i = at->second;
        BOOST_REQUIRE(!i.active); // nothing twice
        BOOST_REQUIRE_EQUAL(got->owner, i.entry.owner);
        const unsigned mine = unsigned(i.urgency()), waited = model_.passed[mine];
        BOOST_REQUIRE_EQUAL(heads[mine], &i); // the order within its class; also: due, and its turn free
        for (unsigned c = 0; c < 5; ++c) {
            if (c > mine && heads[c] && !turns_) // a slower one goes first only when it had to wait for long
                BOOST_REQUIRE_GE(waited, 3u);
            if (c == mine || !heads[c])
                model_.passed[c] = 0;
            else
                BOOST_REQUIRE_LT(++model_.passed[c], lane_queue::starvation_bound);
        }
        i.active = true;
    }

    void conclude() {
        const item* i = any([](const item& each) { return each.active; });
        if (!i) return;
        const std::string id = i->entry.document;
        if (pick(3) == 0) {
            const std::int64_t due = now_ + std::int64_t(pick(60)) * second;
            const bool off = pick(3) == 0;
            off ? queue_.put_off(id, due) : queue_.give_back(id, due);
            model_.items[id].active = false;
            model_.items[id].put_off = off;
            model_.items[id].entry.due = due;
        } else {
            BOOST_REQUIRE(queue_.erase(id));
            model_.items.erase(id);
        }
    }
    void erase() {
        const item* i = any([](const item&) { return true; });
        if (!i || pick(3) == 0) {
            BOOST_REQUIRE(!queue_.erase("nobody"));
            return;
        }
        const std::string id = i->entry.document;
        BOOST_REQUIRE(queue_.erase(id));
        model_.items.erase(id);
        BOOST_REQUIRE(!queue_.contains(id));
    }
    void retime() {
        const item* i = any([](const item& each) { return !each.active; });
        if (!i) return;
        const std::string id = i->entry.document;
        const std::int64_t due = now_ + std::int64_t(pick(40)) * second - 10 * second;
        const bool off = pick(3) == 0;
        off ? queue_.put_off(id, due) : queue_.give_back(id, due);
        model_.items[id].put_off = off;
        model_.items[id].entry.due = due;
        queue_.give_back("nobody", due);
        queue_.put_off("nobody", due);
    }
    void expire() {
        model_.look(now_);
        const bool some = std::ranges::any_of(model_.items, [&](const auto& each) {
            const item& i = each.second;
            return !i.active && !i.put_off && i.entry.created + lifetime < now_;
        });
        const auto got = queue_.take_expired(now_, lifetime);
        BOOST_REQUIRE_EQUAL(got.has_value(), some);
        if (!got) return;
        item& i = model_.items.at(got->document);
        BOOST_REQUIRE(!i.active && !i.put_off && i.entry.created + lifetime < now_);
        i.active = true;
    }
    void warn() {
        const std::size_t limit = 1 + pick(5);
        model_.look(now_);
        const auto got = queue_.warn(now_, warn_after, limit);
        for (const auto& p : got) {
            item& i = model_.items.at(p.document);
            BOOST_REQUIRE(!i.active && !i.put_off && !i.entry.warned && i.entry.created + warn_after <= now_);
            i.entry.warned = true; // once
        }
        if (got.size() < limit)
            for (const auto& [id, i] : model_.items)
                BOOST_REQUIRE((i.active || i.put_off || i.entry.warned || i.entry.created + warn_after > now_));
    }
    void same_figures() {
        BOOST_REQUIRE_EQUAL(queue_.size(), model_.items.size());
        BOOST_REQUIRE_EQUAL(queue_.active(), model_.active());
        BOOST_REQUIRE_EQUAL(queue_.bytes(), model_.bytes());
        std::int64_t oldest = 0, alarm = 0;
        auto sooner = [](std::int64_t& a, std::int64_t b) { a = a == 0 ? b : std::min(a, b); };
        for (const auto& [id, i] : model_.items) {
            if (i.active || i.put_off) continue;
            sooner(oldest, i.entry.created);
            sooner(alarm, i.entry.created + (i.entry.warned ? lifetime : warn_after));
        }
        BOOST_REQUIRE_EQUAL(queue_.oldest_created(), oldest);
        BOOST_REQUIRE_EQUAL(queue_.next_alarm(lifetime, warn_after), alarm);
    }

    // Everything that is in there comes out, once.
    void drain() {
        while (const item* i = any([](const item& each) { return each.active; })) {
            const std::string id = i->entry.document;
            BOOST_REQUIRE(queue_.erase(id));
            model_.items.erase(id);
        }
        now_ += 1000 * second;
        while (!model_.items.empty()) {
            now_ += 10 * second;
            take();
            conclude();
            same_figures();
        }
        BOOST_REQUIRE(!queue_.take(now_));
        BOOST_REQUIRE_EQUAL(queue_.size(), 0u);
    }

    std::mt19937_64 random_;
    const bool turns_;
    lane_queue queue_;
    model model_;
    std::int64_t now_ = 1'700'000'000 * second;
    unsigned plain_ = 0;
};

lane_queue::entry of_urgency(int n, int urgency, std::int64_t due = 1) {
    return {.owner = "@mine", .document = "d" + std::to_string(n), .due = due, .created = second, .urgency = urgency};
}

} // namespace

// To repeat one: VANTHU_TEST_SEED=N.
BOOST_AUTO_TEST_CASE(whatever_is_done_to_it_nothing_is_lost_nothing_goes_twice_and_the_order_holds) {
    const char* given = std::getenv("VANTHU_TEST_SEED");
    const std::uint64_t first = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    const int sequences = given ? 1 : 3000;
    BOOST_TEST_MESSAGE("first seed " << first);
    for (int n = 0; n < sequences; ++n) {
        const std::uint64_t seed = first + std::uint64_t(n);
        BOOST_TEST_INFO_SCOPE("VANTHU_TEST_SEED=" << seed);
        sequence(seed, seed % 2 == 0).run(250);
    }
}

BOOST_AUTO_TEST_CASE(the_urgent_go_first_then_the_earliest_due_then_the_first_come) {
    lane_queue q;
    q.put(of_urgency(1, 0, 5));
    q.put(of_urgency(2, 0, 5));
    q.put(of_urgency(3, 0, 4));
    q.put(of_urgency(4, 1));
    q.put(of_urgency(5, 2));
    q.put(of_urgency(6, 3));
    q.put(of_urgency(7, 4, 9));
    q.put(of_urgency(8, 4, 11)); // its hour has not come
    std::string order;
    while (auto p = q.take(10)) order += p->document[1];
    BOOST_TEST(order == "7654312");
    BOOST_TEST(q.next_due(10) == 11);
    BOOST_TEST(q.take(11)->document == "d8");
}

BOOST_AUTO_TEST_CASE(an_ordinary_document_goes_within_the_bound_however_many_faster_ones_keep_coming) {
    lane_queue q;
    int n = 0;
    for (int urgency = 0; urgency < 4; ++urgency) q.put(of_urgency(++n, urgency));
    std::map<std::string, int> went;
    for (int take = 1; take <= 40; ++take) {
        for (int i = 0; i < 3; ++i) q.put(of_urgency(++n, 4));
        went[q.take(10)->document] = take;
    }
    BOOST_TEST(went["d1"] > 0);
    BOOST_TEST(went["d1"] <= int(lane_queue::starvation_bound));
    BOOST_TEST(went["d4"] < went["d3"]);
    BOOST_TEST(went["d3"] < went["d2"]);
    BOOST_TEST(went["d2"] < went["d1"]);
}

BOOST_AUTO_TEST_CASE(of_what_shares_a_turn_one_is_active_and_the_next_follows_when_it_is_gone_or_put_off) {
    lane_queue q;
    for (int i = 1; i <= 3; ++i) {
        auto e = of_urgency(i, 0);
        e.turn = "a";
        q.put(e);
    }
    BOOST_TEST(q.take(10)->document == "d1");
    BOOST_TEST(!q.take(10));
    q.give_back("d1", 50); // put off: keeps nobody waiting
    BOOST_TEST(q.take(10)->document == "d2");
    BOOST_TEST(!q.take(60)); // d1 is due again, and its turn is taken
    q.erase("d2");
    BOOST_TEST(q.take(60)->document == "d3");
    q.erase("d3");
    BOOST_TEST(q.take(60)->document == "d1");
}

BOOST_AUTO_TEST_CASE(what_is_put_off_does_not_come_to_its_end_before_its_time) {
    lane_queue q;
    q.put(of_urgency(1, 0));
    const std::int64_t now = 1000 * second, later = now + 30 * second;
    BOOST_REQUIRE(q.take_expired(now, lifetime));
    q.put_off("d1", later);
    q.put(of_urgency(2, 0)); // and it keeps nobody else from coming to theirs
    BOOST_TEST(q.take_expired(now, lifetime)->document == "d2");
    q.erase("d2");
    BOOST_TEST(!q.take_expired(now, lifetime));
    BOOST_TEST(q.warn(now, warn_after, 10).empty());
    BOOST_TEST(q.next_alarm(lifetime, warn_after) == 0);
    BOOST_TEST(q.next_due(now) == later);
    BOOST_TEST(q.take_expired(later, lifetime)->document == "d1");
}

BOOST_AUTO_TEST_CASE(what_is_known_as_a_new_document_is_passed_over_where_none_is_taken) {
    lane_queue q;
    for (int i = 1; i <= 4; ++i) {
        auto e = of_urgency(i, i == 4 ? 0 : 3);
        e.new_document = i <= 2;
        q.put(e);
    }
    BOOST_TEST(q.any_due(10, false));
    BOOST_TEST(q.take(10, false)->document == "d3");
    BOOST_TEST(q.take(10, false)->document == "d4");
    BOOST_TEST(!q.any_due(10, false));
    BOOST_TEST(!q.take(10, false));
    BOOST_TEST(q.any_due(10));
    q.give_back("d3", 5);
    BOOST_TEST(q.take(10)->document == "d1"); // in the order of the class
    BOOST_TEST(q.take(10)->document == "d2");
    BOOST_TEST(q.take(10)->document == "d3");
}

BOOST_AUTO_TEST_CASE(after_a_clock_was_set_back_nothing_waits_longer_than_is_said) {
    lane_queue q;
    for (int i = 1; i <= 3; ++i) q.put(of_urgency(i, 0, i * 1000));
    q.wait_at_most_until(1500);
    BOOST_TEST(q.take(1000)->document == "d1");
    BOOST_TEST(!q.take(1499));
    BOOST_TEST(q.take(1500)->document == "d2");
    BOOST_TEST(q.take(1500)->document == "d3");
}

BOOST_AUTO_TEST_CASE(of_what_was_not_warned_after_all_is_warned_again) {
    lane_queue q;
    q.put(of_urgency(1, 0));
    q.put(of_urgency(2, 0));
    BOOST_TEST(q.warn(1000 * second, warn_after, 10).size() == 2u);
    BOOST_REQUIRE(q.take(10));
    q.not_warned("d1"); // under way
    q.not_warned("d2");
    q.not_warned("nobody");
    BOOST_TEST(q.warn(1000 * second, warn_after, 10).size() == 1u);
    q.give_back("d1", 5);
    BOOST_TEST(q.warn(1000 * second, warn_after, 10).size() == 1u);
}
