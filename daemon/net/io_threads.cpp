#include "daemon/net/io_threads.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <pthread.h>
#include <thread>

namespace vanthu::net {

struct io_threads::thread_context {
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    std::mutex guard;
    std::condition_variable changed;
    bool ended = false;
    std::thread thread;

    void run(const std::string& name) {
        ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
        io.run();
        std::lock_guard lock(guard);
        ended = true;
        changed.notify_all();
    }
    bool wait_until(steady_time t) {
        std::unique_lock lock(guard);
        return changed.wait_until(lock, t, [this] { return ended; });
    }
};

io_threads::io_threads(std::size_t count, std::string name) {
    for (std::size_t i = 0; i < count; ++i) {
        auto& added = threads_.emplace_back(std::make_unique<thread_context>());
        added->thread = std::thread([c = added.get(), full = name + "/" + std::to_string(i)] { c->run(full); });
    }
}

io_threads::~io_threads() { stop(); }

std::size_t io_threads::size() const { return threads_.size(); }

asio::any_io_executor io_threads::executor(std::size_t i) const { return threads_.at(i)->io.get_executor(); }

std::vector<asio::any_io_executor> io_threads::executors() const {
    std::vector<asio::any_io_executor> out;
    for (std::size_t i = 0; i < size(); ++i) out.push_back(executor(i));
    return out;
}

void io_threads::stop(std::chrono::milliseconds grace) {
    const steady_time until = in(grace);
    for (auto& t : threads_) t->work.reset();
    for (auto& t : threads_) {
        if (!t->thread.joinable()) continue;
        if (!t->wait_until(until)) t->io.stop();
        t->thread.join();
    }
}

} // namespace vanthu::net
