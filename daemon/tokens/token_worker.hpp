// One thread per token, because a token signs one at a time and a blocked reader can block for ever.
//
//   caller ──submit(work, deadline)──▶ bounded queue ──▶ the worker's thread ──▶ token
// A caller waits no longer than its deadline; work that has not started by then is dropped. Work that has started and
// passes its caller's deadline hangs: `end_module` is called to bring it back (module_process::end), what waits and
// what comes is refused with module_hangs at once, and if the work does come back, the worker goes on. After stop()
// nothing new starts; work in the queue is answered with `stopping`. The destructor waits `grace` for the work in hand,
// calls end_module, waits once more, and then leaves the thread to itself: nobody can end a call into a module of the
// same process. Work must therefore own what it touches. Threads: any thread may submit.
#pragma once

#include "daemon/tokens/errors.hpp"
#include "signing/cms/build.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace vanthu::tokens {

struct token_worker_options {
    std::size_t queue_limit = 256;
    std::function<void()> end_module = {};
    std::chrono::milliseconds grace{5000};
};

class token_worker {
public:
    using steady_time = std::chrono::steady_clock::time_point;
    explicit token_worker(token_worker_options options = {});
    ~token_worker();
    token_worker(const token_worker&) = delete;

    // Blocks until the answer, the deadline, or a refusal: queue_full, deadline_passed, module_hangs, stopping.
    result<bytes> submit(std::function<result<bytes>()> work, steady_time deadline);
    // A signer whose sign() goes through this worker, each call with `patience`. The worker must outlive it.
    cms::signer behind(cms::signer direct, std::chrono::milliseconds patience);
    void stop();
    std::size_t waiting() const;
    bool hanging() const;

private:
    struct job;
    struct state; // shared with the thread, which may have to be left behind
    static void run(std::shared_ptr<state> s);
    const token_worker_options options_;
    std::shared_ptr<state> state_;
    std::thread thread_; // last: starts when everything above stands
};

} // namespace vanthu::tokens
