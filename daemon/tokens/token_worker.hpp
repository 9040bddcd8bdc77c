// One thread per token, because a token signs one at a time and a blocked reader can block for ever.
//
//   caller ──submit(work, deadline)──▶ bounded queue ──▶ the worker's thread ──▶ token
// A caller waits no longer than its deadline; work that has not started by then is dropped, work that has started goes
// on and its answer is thrown away. After stop() nothing new starts; work in the queue is answered with `stopping`.
// Threads: any thread may submit. The destructor waits for the work in hand.
#pragma once

#include "daemon/tokens/errors.hpp"
#include "signing/cms/build.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace vanthu::tokens {

class token_worker {
public:
    using steady_time = std::chrono::steady_clock::time_point;
    explicit token_worker(std::size_t queue_limit = 256);
    ~token_worker();
    token_worker(const token_worker&) = delete;

    // Blocks until the answer, the deadline, or a refusal: queue_full, deadline_passed, stopping.
    result<bytes> submit(std::function<result<bytes>()> work, steady_time deadline);
    // A signer whose sign() goes through this worker, each call with `patience`. The worker must outlive it.
    cms::signer behind(cms::signer direct, std::chrono::milliseconds patience);
    void stop();
    std::size_t waiting() const;

private:
    struct job;
    void run();
    const std::size_t limit_;
    mutable std::mutex mutex_;
    std::condition_variable work_there_;
    std::deque<std::shared_ptr<job>> queue_;
    bool stopping_ = false;
    std::thread thread_; // last: starts when everything above stands
};

} // namespace vanthu::tokens
