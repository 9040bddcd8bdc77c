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

// An executor that does something before the next function is handed to it.
template <class Inner> struct interrupted_executor {
    Inner inner;
    std::function<void()>* interruption;

    bool operator==(const interrupted_executor&) const = default;
    template <class P> auto query(const P& p) const -> decltype(asio::query(inner, p)) { return asio::query(inner, p); }
    template <class P>
    auto require(const P& p) const -> interrupted_executor<std::decay_t<decltype(asio::require(inner, p))>> {
        return {asio::require(inner, p), interruption};
    }
    template <class F> void execute(F&& f) const {
        if (auto now = std::exchange(*interruption, nullptr)) now();
        inner.execute(std::forward<F>(f));
    }
};
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

// One thread spawns while another cancels.
BOOST_AUTO_TEST_CASE(a_group_that_is_cancelled_while_it_spawns_joins) {
    asio::io_context io;
    task_group group;
    std::function<void()> interruption = [&] { group.cancel(); };
    bool began = false;
    group.spawn(interrupted_executor<asio::io_context::executor_type>{io.get_executor(), &interruption},
                [&]() -> asio::awaitable<void> {
                    began = true;
                    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
                    co_await timer.async_wait(asio::use_awaitable);
                });
    std::thread runner([&] { io.run(); });
    BOOST_TEST(group.join(5s));
    io.stop();
    runner.join();
    BOOST_TEST(!began);
    BOOST_TEST(group.running() == 0u);
}
