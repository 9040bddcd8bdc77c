#include "daemon/base/task.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

using namespace vanthu;
using namespace std::chrono_literals;

namespace {
task<int> after(std::chrono::milliseconds wait, int value) {
    asio::steady_timer timer(co_await asio::this_coro::executor, wait);
    co_await timer.async_wait(asio::use_awaitable);
    co_return value;
}
template <class T>
result<T> run(task<T> t) {
    asio::io_context io;
    result<T> out = failed(tasks::errc::cancelled);
    asio::co_spawn(io, std::move(t), [&](std::exception_ptr e, result<T> r) {
        if (e) std::rethrow_exception(e);
        out = std::move(r);
    });
    io.run();
    return out;
}
} // namespace

BOOST_AUTO_TEST_CASE(before_answers_in_time_or_times_out) {
    BOOST_TEST(run(before(in(5s), after(1ms, 7))).value() == 7);
    auto late = run(before(in(5ms), after(60s, 7)));
    BOOST_REQUIRE(!late);
    BOOST_TEST((late.error().code == tasks::errc::timed_out));
}

BOOST_AUTO_TEST_CASE(a_cancelled_group_joins_its_coroutines) {
    asio::io_context io;
    task_group group;
    for (int i = 0; i < 3; ++i)
        group.spawn(io.get_executor(), []() -> asio::awaitable<void> {
            asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
            co_await timer.async_wait(asio::use_awaitable);
        });
    std::thread runner([&] { io.run(); });
    BOOST_TEST(!group.join(20ms));
    group.cancel();
    BOOST_TEST(group.join(5s));
    runner.join();
    BOOST_TEST(group.running() == 0u);
}
