// Coroutines of the daemon: a task is an Asio awaitable that answers with a result.
//
// Every loop is spawned in one task_group, which shutdown cancels and joins; nothing is detached. Blocking work goes to
// a small named thread pool through offload(). Deadlines are absolute (steady clock) and handed down.
#pragma once

#include "daemon/base/failure.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

namespace vanthu {

namespace asio = boost::asio;

template <class T = void> using task = asio::awaitable<result<T>>;

using steady_time = std::chrono::steady_clock::time_point;
inline steady_time in(std::chrono::steady_clock::duration d) { return std::chrono::steady_clock::now() + d; }

namespace tasks {
enum class errc { timed_out = 1, cancelled };
std::error_code make_error_code(errc);
} // namespace tasks

// Runs `op`; past `deadline` it is cancelled and the answer is tasks::errc::timed_out. When the caller itself is
// cancelled, `op` is cancelled too and its own answer (or exception) passes through: the two stay apart.
template <class T> task<T> before(steady_time deadline, task<T> op) {
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, deadline);
    auto [order, thrown, answer, ignored] =
        co_await asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(op), asio::deferred),
                                                         timer.async_wait(asio::deferred))
            .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (order[0] == 1 && !ignored) co_return failed(make_error_code(tasks::errc::timed_out));
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(answer);
}

// Runs `work()` on `executor`, a pool's or a strand's over one, and comes back to the caller's executor with its value.
// `work` must not throw. A cancellation of the caller takes effect when `work` has ended: co_spawn on the pool would
// hand it to the other thread, and Boost 1.81 throws there, out of the thread, when it comes between the end of the
// work and the way back.
template <class Executor, class F>
    requires(!std::is_base_of_v<asio::execution_context, Executor>)
asio::awaitable<std::invoke_result_t<F>> offload(Executor executor, F work) {
    using value = std::invoke_result_t<F>;
    auto start = [executor](auto handler, F f) {
        // Tracked work keeps the caller's io_context running meanwhile.
        auto callers = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        asio::post(executor, [callers, handler = std::move(handler), f = std::move(f)]() mutable {
            asio::post(callers,
                       [handler = std::move(handler), answer = f()]() mutable { handler(std::move(answer)); });
        });
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(value)>(start, asio::use_awaitable,
                                                                                         std::move(work));
}

template <class F> asio::awaitable<std::invoke_result_t<F>> offload(asio::thread_pool& pool, F work) {
    return offload(pool.get_executor(), std::move(work));
}

// All long-lived coroutines of one owner. A coroutine ends by returning or by the operation_aborted exception that
// cancellation raises; any other exception ends the process (it is our own inconsistency).
class task_group {
public:
    task_group() = default;
    task_group(const task_group&) = delete;
    ~task_group(); // requires that nothing runs any more

    // Any thread. After cancel() new bodies are not started.
    void spawn(asio::any_io_executor executor, std::function<asio::awaitable<void>()> body);
    // Any thread: asks every coroutine to stop (terminal cancellation, on its own executor).
    void cancel();
    // Blocks the calling thread, which must not run any of the executors. True: all have ended.
    bool join(std::chrono::milliseconds grace);
    std::size_t running() const;

private:
    struct entry;
    struct shared;
    std::shared_ptr<shared> shared_ = make();
    static std::shared_ptr<shared> make();
};

} // namespace vanthu

template <> struct std::is_error_code_enum<vanthu::tasks::errc> : std::true_type {};
