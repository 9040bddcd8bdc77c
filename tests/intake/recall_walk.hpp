// Every interleaving of what can happen in the small world. A state that was seen is not walked again; a run goes from
// the beginning to a state with something untried, and on.
#pragma once

#include "tests/intake/recall_world.hpp"

#include <cstdlib>
#include <fmt/ranges.h>
#include <map>

namespace vanthu::test {

// What happened is named by what it does, not by ids that differ from run to run: the n-th action of a state.
struct node_of_walk {
    std::vector<std::size_t> path; // choices from the beginning
    std::size_t actions = 0, tried = 0;
};

struct walk_report {
    std::size_t states = 0, ends = 0, runs = 0;
};

inline walk_report walk(mishaps allowed, const scenario& what) {
    recall_world world(allowed, what);
    std::map<std::string, node_of_walk> seen;
    std::vector<std::string> open; // states with something untried
    walk_report report;
    std::vector<std::string> story;
    auto look = [&](const std::vector<std::size_t>& path) {
        const std::string now = world.fingerprint();
        auto [at, fresh] = seen.try_emplace(now);
        if (fresh) {
            at->second = {path, world.enabled().size(), 0};
            const bool end = at->second.actions == 0;
            const std::string wrong = world.broken(end);
            BOOST_REQUIRE_MESSAGE(wrong.empty(), wrong << "\n  " << fmt::format("{}", fmt::join(story, "\n  ")) << now);
            report.ends += end;
            if (!end) open.push_back(now);
        }
        return at;
    };
    auto start = [&] {
        ++report.runs;
        story.clear();
        world.begin_run();
    };
    start();
    look({});
    while (!open.empty()) {
        const std::string from = open.back();
        if (seen.at(from).tried == seen.at(from).actions) {
            open.pop_back();
            continue;
        }
        if (report.runs % 100 == 0) BOOST_TEST_MESSAGE(fmt::format("{} runs, {} states", report.runs, seen.size()));
        start();
        const std::vector<std::size_t> path = seen.at(from).path;
        for (std::size_t choice : path) {
            const recall_world::action next = world.enabled().at(choice);
            story.push_back(next.name);
            world.act(next);
        }
        std::vector<std::size_t> now = path;
        for (auto at = look(now); at->second.tried < at->second.actions; at = look(now)) {
            const std::size_t choice = at->second.tried++;
            now.push_back(choice);
            const recall_world::action next = world.enabled().at(choice);
            story.push_back(next.name);
            world.act(next);
        }
    }
    report.states = seen.size();
    return report;
}

inline void every_end_is_consistent(mishaps allowed, const scenario& what) {
    const walk_report done = walk(allowed, what);
    BOOST_TEST_MESSAGE(fmt::format("losses {} repeats {}: {} states, {} ends, {} runs", allowed.losses, allowed.repeats,
                                   done.states, done.ends, done.runs));
    BOOST_TEST(done.ends > 1u);
}

// Minutes to hours: VANTHU_LONG_MODEL=1, best with TMPDIR in memory.
inline bool is_long() { return std::getenv("VANTHU_LONG_MODEL") != nullptr; }

} // namespace vanthu::test
