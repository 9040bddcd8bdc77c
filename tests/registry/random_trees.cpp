#include "tests/registry/support.hpp"

#include <fmt/format.h>
#include <random>

using namespace vanthu;
using namespace vanthu::registry;
namespace reg = vanthu::registry;

namespace {
// A forest with nodes, organisations that move on one day, hosted organisations, closed ones and platforms.
std::string random_registry(std::mt19937& random) {
    auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    int count = 5 + below(40);
    std::string text = "version = 1\n", nodes;
    if (below(3)) {
        text += "national_axis = 'truc'\n";
        nodes += "[[node]]\nid = 'truc'\nkind = 'axis'\n";
    }
    std::vector<int> daemons;
    for (int i = 0; i < count; ++i) {
        text += fmt::format(
            "[[organisation]]\nid = 'o{0}'\nname = 'O'\ncodes = [{{ code = 'C{0}', form = 'local' }}]\n", i);
        if (i > 0 && below(10)) {
            if (below(3))
                text += fmt::format("parent = 'o{}'\n", below(i));
            else
                text +=
                    fmt::format("parent = [{{ id = 'o{}', to = 2025-07-01 }}, {{ id = 'o{}', from = 2025-07-01 }}]\n",
                                below(i), below(i));
        }
        if (i > 0 && below(6) == 0)
            text += fmt::format("to = 2025-07-01\nsuccessors = [{{ to = 'o{}', kind = 'merge' }}]\n", below(i));
        if (below(3) == 0) {
            nodes += fmt::format("[[node]]\nid = 'n{0}'\norganisation = 'o{0}'\n{1}", i,
                                 below(5) ? "" : "to = 2025-07-01\n");
            daemons.push_back(i);
        } else if (!daemons.empty() && below(5) == 0) {
            text += fmt::format("served_by = 'n{}'\n", daemons[static_cast<std::size_t>(below(int(daemons.size())))]);
        }
    }
    if (!daemons.empty() && below(2))
        nodes += fmt::format("[[node]]\nid = 'lgsp'\nkind = 'axis'\nuplink = 'n{}'\n", daemons[0]);
    return text + nodes;
}

void follow(const reg::registry& r, const node& start, const organisation& o, timestamp at) {
    const node* here = &start;
    for (std::size_t hops = 0;; ++hops) {
        BOOST_REQUIRE(hops <= r.nodes().size());
        route_decision d = r.route(here->id, o.codes[0].code, at);
        if (d.kind == route_kind::local) {
            BOOST_REQUIRE(d.next == here);
            BOOST_REQUIRE(r.server(*d.final, at) == here);
            return;
        }
        const node* server = d.final ? r.server(*d.final, at) : nullptr;
        if (d.kind == route_kind::axis) { // left the tree: never for what this very tree serves below us
            BOOST_REQUIRE(d.next->kind == node_kind::axis);
            if (server && server->kind == node_kind::vanthu)
                for (const node* above = server; above; above = r.uplink(*above, at)) BOOST_REQUIRE(above != here);
            return;
        }
        if (d.kind == route_kind::held) {
            // Held for want of a way only at the top of a tree that does not hold the server, and without an axis.
            if (d.reason == held_reason::no_route)
                BOOST_REQUIRE(!r.national_axis() && !r.uplink(*here, at) && server != here);
            else
                BOOST_REQUIRE(to_string(d.reason) == "closed_no_successor");
            return;
        }
        // The next node accepts what comes this way from the server's side, and sends the answer back through us.
        if (server && r.server(*d.final, at) != nullptr)
            BOOST_REQUIRE(!(r.may_deliver(here->id, d.next->id, d.final->codes[0].code, at).right ==
                            delivery_right::not_authorised));
        here = d.next;
    }
}
} // namespace

BOOST_AUTO_TEST_CASE(following_routes_from_every_node_ends_at_the_serving_node) {
    std::mt19937 random(20250701);
#ifdef VANTHU_UNDER_ASAN
    constexpr int rounds = 80; // unoptimised and checked code is much slower
#else
    constexpr int rounds = 400;
#endif
    int accepted = 0, hops_seen = 0;
    for (int round = 0; round < rounds; ++round) {
        std::string text = random_registry(random);
        result<reg::registry> r = reg::registry::parse(text, "random.toml");
        if (!r) { // hosting can close a ring of nodes: that is refused when loaded, never found on the way
            BOOST_REQUIRE(r.error().code == make_error_code(errc::node_cycle));
            continue;
        }
        ++accepted;
        for (timestamp at : {noon("2025-06-30"), noon("2025-07-01")})
            for (const node& start : r->nodes()) {
                if (start.kind == node_kind::axis || !start.valid.contains(at)) continue;
                for (const organisation& o : r->organisations()) {
                    follow(*r, start, o, at);
                    hops_seen += r->route(start.id, o.codes[0].code, at).kind == route_kind::hop;
                }
            }
    }
    BOOST_TEST(accepted > rounds / 2);
    BOOST_TEST(hops_seen > rounds * 3);
}

BOOST_AUTO_TEST_CASE(reading_the_same_data_twice_changes_nothing) {
    std::mt19937 random(7);
    for (int round = 0; round < 50; ++round) {
        std::string text = random_registry(random);
        result<reg::registry> one = reg::registry::parse(text, "a"), two = reg::registry::parse(text, "b");
        BOOST_REQUIRE(one.has_value() == two.has_value());
        if (!one) continue;
        BOOST_TEST((one->organisations() == two->organisations()));
        BOOST_TEST((one->nodes() == two->nodes()));
        // also where only a comment differs, so that every row and route is compared
        result<reg::registry> three = reg::registry::parse(text + "# the same\n", "c");
        difference d = diff(*one, *three, one->nodes().empty() ? "" : one->nodes()[0].id, noon("2026-01-01"));
        BOOST_TEST(
            (d.added.empty() && d.removed.empty() && d.changed.empty() && d.nodes_changed.empty() && d.routes.empty()));
        BOOST_TEST(diff(*one, *two, "", noon("2026-01-01")).identical);
    }
}
