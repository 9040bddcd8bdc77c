#include "daemon/load_watch.hpp"
#include "tests/api/packets.hpp"

#include <algorithm>
#include <thread>

namespace vanthu::test {
namespace {

// The sanitizers bring an allocator of their own.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool allocator_of_libc = false;
#else
constexpr bool allocator_of_libc = true;
#endif

// Small blocks on several threads, as a burst of requests leaves them: each hundredth is still in use.
std::vector<std::vector<std::unique_ptr<char[]>>> after_a_burst(std::size_t size) {
    constexpr std::size_t threads = 4, block = 4000;
    std::vector<std::vector<std::unique_ptr<char[]>>> kept(threads);
    auto each = [&](auto what) {
        std::vector<std::thread> all;
        for (auto& of : kept) all.emplace_back([&of, what] { what(of); });
        for (std::thread& t : all) t.join();
    };
    each([&](auto& of) {
        for (std::size_t i = 0; i < size / threads / block; ++i) {
            of.push_back(std::make_unique_for_overwrite<char[]>(block));
            std::fill_n(of.back().get(), block, 'x');
        }
    });
    each([](auto& of) {
        for (std::size_t i = 0; i < of.size(); ++i)
            if (i % 100) of[i].reset();
    });
    return kept;
}

} // namespace

BOOST_AUTO_TEST_CASE(memory_that_was_freed_refuses_nothing) {
    if (!allocator_of_libc) return;
    office n;
    const std::uint64_t mark = start::memory_of_this_process() + (64u << 20);
    intake::pressure marks({.memory = mark});
    const auto kept = after_a_burst(192u << 20);
    BOOST_REQUIRE(start::memory_of_this_process() > mark); // the allocator keeps it
    task_group watch;
    watch.spawn(n.node.decisions->executor(0),
                [&] { return start::watch_load(n.node.folder.path(), *n.node.engine, marks, *n.node.disk); });
    BOOST_TEST(eventually([&] { return marks.last().memory != 0; }));
    BOOST_TEST(!marks.refusing());
    BOOST_TEST(marks.last().memory < mark);
    watch.cancel();
    BOOST_TEST(watch.join(std::chrono::seconds(20)));
}

} // namespace vanthu::test
