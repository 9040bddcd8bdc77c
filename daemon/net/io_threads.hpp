// The network threads: N threads, each with its own io_context. What was spawned on one executor runs on one thread
// only, so that connections need no lock (and no strand).
#pragma once

#include "daemon/base/task.hpp"

namespace vanthu::net {

class io_threads {
public:
    explicit io_threads(std::size_t count, std::string name = "net"); // starts them; thread names are "net/0", ...
    ~io_threads();                                                    // stop()
    io_threads(const io_threads&) = delete;

    std::size_t size() const;
    asio::any_io_executor executor(std::size_t i) const;
    std::vector<asio::any_io_executor> executors() const;
    // Lets the threads end when their work is done, then joins them. Cancel and join task groups (servers) first: what
    // still waits would be waited for at most `grace`, then dropped.
    void stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

private:
    struct thread_context;
    std::vector<std::unique_ptr<thread_context>> threads_;
};

} // namespace vanthu::net
