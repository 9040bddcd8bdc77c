// Every interleaving of one recall, one replacement, or one update that removes one of two recipients, in a small
// world, walked with the functions that decide in the daemon. A state that was seen is not walked again; a run goes
// from the beginning to a state with something untried, and on.
#include "tests/intake/recall_world.hpp"

#include <fmt/ranges.h>
#include <map>

namespace vanthu::test {
namespace {

// What happened is named by what it does, not by ids that differ from run to run: the n-th action of a state.
struct node_of_walk {
    std::vector<std::size_t> path; // choices from the beginning
    std::size_t actions = 0, tried = 0;
};

struct walk_report {
    std::size_t states = 0, ends = 0, runs = 0;
};

walk_report walk(mishaps allowed, bool denies, request what) {
    recall_world world(allowed, denies, what);
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
            story.push_back(world.enabled().at(choice));
            world.act(story.back());
        }
        std::vector<std::size_t> now = path;
        for (auto at = look(now); at->second.tried < at->second.actions; at = look(now)) {
            const std::size_t choice = at->second.tried++;
            now.push_back(choice);
            story.push_back(world.enabled().at(choice));
            world.act(story.back());
        }
    }
    report.states = seen.size();
    return report;
}

void every_end_is_consistent(mishaps allowed, bool denies, request what = request::recall) {
    const walk_report done = walk(allowed, denies, what);
    BOOST_TEST_MESSAGE(fmt::format("losses {} repeats {}: {} states, {} ends, {} runs", allowed.losses, allowed.repeats,
                                   done.states, done.ends, done.runs));
    BOOST_TEST(done.ends > 3u);
}

// Minutes to hours: VANTHU_LONG_MODEL=1, best with TMPDIR in memory.
bool is_long() { return std::getenv("VANTHU_LONG_MODEL") != nullptr; }

} // namespace

BOOST_AUTO_TEST_SUITE(recall_model)

BOOST_AUTO_TEST_CASE(every_interleaving_ends_with_both_sides_agreed) { every_end_is_consistent({}, false); }
BOOST_AUTO_TEST_CASE(every_interleaving_ends_alike_where_the_clerk_denies) { every_end_is_consistent({}, true); }
BOOST_AUTO_TEST_CASE(a_lost_packet_or_answer_changes_no_end) {
    if (is_long()) every_end_is_consistent({.losses = 1}, false);
}
BOOST_AUTO_TEST_CASE(a_packet_that_comes_twice_changes_no_end) {
    if (is_long()) every_end_is_consistent({.repeats = 1}, true);
}
BOOST_AUTO_TEST_CASE(statuses_and_notices_that_take_their_time_change_no_end) {
    if (is_long()) every_end_is_consistent({.slow = true}, true);
}

BOOST_AUTO_TEST_CASE(every_interleaving_of_a_replacement_ends_with_both_sides_agreed) {
    every_end_is_consistent({}, false, request::replacement);
}
BOOST_AUTO_TEST_CASE(every_interleaving_of_a_replacement_ends_alike_where_the_clerk_denies) {
    every_end_is_consistent({}, true, request::replacement);
}
BOOST_AUTO_TEST_CASE(a_replacement_bears_a_lost_packet_or_answer) {
    if (is_long()) every_end_is_consistent({.losses = 1}, false, request::replacement);
}
BOOST_AUTO_TEST_CASE(a_replacement_bears_a_packet_that_comes_twice) {
    if (is_long()) every_end_is_consistent({.repeats = 1}, true, request::replacement);
}

BOOST_AUTO_TEST_CASE(every_interleaving_of_a_removal_leaves_the_document_to_who_stays) {
    every_end_is_consistent({}, false, request::removal);
}
BOOST_AUTO_TEST_CASE(a_removal_bears_a_lost_packet_or_answer_of_the_document) {
    if (is_long()) every_end_is_consistent({.losses = 1, .of_document = true}, false, request::removal);
}
BOOST_AUTO_TEST_CASE(a_removal_bears_any_lost_packet_or_answer) {
    if (is_long()) every_end_is_consistent({.losses = 1}, true, request::removal);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test
