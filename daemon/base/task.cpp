#include "daemon/base/task.hpp"

#include "daemon/base/error_table.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <cstdlib>

namespace vanthu {
namespace tasks {
namespace {
constexpr error_row rows[] = {
    {int(errc::timed_out), "timed_out", 504, retry::yes, "Quá thời gian chờ.", "The operation took too long.",
     "Thử lại sau; nếu lặp lại, kiểm tra kết nối.", "Try again later; if it happens again, check the connection."},
    {int(errc::cancelled), "cancelled", 503, retry::yes, "Dịch vụ đang dừng.", "The service is stopping.",
     "Thử lại sau khi dịch vụ khởi động lại.", "Try again after the service has restarted."},
};
const error_table table("tasks", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace tasks

struct task_group::entry {
    asio::any_io_executor executor;
    asio::cancellation_signal signal;
};

struct task_group::shared {
    mutable std::mutex guard;
    std::condition_variable changed;
    std::list<std::shared_ptr<entry>> entries;
    bool cancelled = false;
};

std::shared_ptr<task_group::shared> task_group::make() { return std::make_shared<shared>(); }

task_group::~task_group() {
    if (running() != 0) {
        std::fputs("vanthu: a task group was destroyed while coroutines run\n", stderr);
        std::abort();
    }
}

void task_group::spawn(asio::any_io_executor executor, std::function<asio::awaitable<void>()> body) {
    auto mine = std::make_shared<entry>();
    mine->executor = executor;
    {
        std::lock_guard lock(shared_->guard);
        if (shared_->cancelled) return;
        shared_->entries.push_back(mine);
    }
    auto ended = [group = shared_, mine](std::exception_ptr error) {
        if (error) {
            try {
                std::rethrow_exception(error);
            } catch (const boost::system::system_error& e) {
                if (e.code() != asio::error::operation_aborted) {
                    std::fprintf(stderr, "vanthu: a coroutine ended with %s\n", e.what());
                    std::abort();
                }
            } catch (const std::exception& e) {
                std::fprintf(stderr, "vanthu: a coroutine ended with %s\n", e.what());
                std::abort();
            }
        }
        std::lock_guard lock(group->guard);
        group->entries.remove(mine);
        group->changed.notify_all();
    };
    // Started on its own executor, so that the cancellation signal is only ever touched there. A cancel() may have come
    // since the entry was made, and its signal found nobody: what has not begun by then never does.
    asio::post(executor,
               [executor, body = std::move(body), mine, group = shared_, ended = std::move(ended)]() mutable {
                   {
                       std::lock_guard lock(group->guard);
                       if (group->cancelled) {
                           group->entries.remove(mine);
                           group->changed.notify_all();
                           return;
                       }
                   }
                   // The body lives in the wrapper's frame: a lambda's captures must outlive the coroutine it makes.
                   auto wrapper = [](std::function<asio::awaitable<void>()> f) -> asio::awaitable<void> { co_await f(); };
                   asio::co_spawn(executor, wrapper(std::move(body)),
                                  asio::bind_cancellation_slot(mine->signal.slot(), std::move(ended)));
               });
}

void task_group::cancel() {
    std::lock_guard lock(shared_->guard);
    shared_->cancelled = true;
    for (const std::shared_ptr<entry>& e : shared_->entries)
        asio::post(e->executor, [e] { e->signal.emit(asio::cancellation_type::terminal); });
}

bool task_group::join(std::chrono::milliseconds grace) {
    std::unique_lock lock(shared_->guard);
    return shared_->changed.wait_for(lock, grace, [this] { return shared_->entries.empty(); });
}

std::size_t task_group::running() const {
    std::lock_guard lock(shared_->guard);
    return shared_->entries.size();
}

} // namespace vanthu
