#include "daemon/tokens/token_worker.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace vanthu::tokens {

struct token_worker::job {
    std::function<result<bytes>()> work;
    steady_time deadline;
    std::mutex mutex;
    std::condition_variable answered;
    std::optional<result<bytes>> answer;

    void finish(result<bytes> a) {
        std::lock_guard lock(mutex);
        answer = std::move(a);
        answered.notify_all();
    }
};

struct token_worker::state {
    mutable std::mutex mutex;
    std::condition_variable work_there, thread_over;
    std::deque<std::shared_ptr<job>> queue;
    std::shared_ptr<job> in_hand;
    bool stopping = false, hanging = false, over = false;

    // Everybody who waits is told at once instead of at his deadline.
    void refuse_all(errc why) {
        std::deque<std::shared_ptr<job>> dropped;
        {
            std::lock_guard lock(mutex);
            dropped.swap(queue);
        }
        for (auto& j : dropped) j->finish(failed(why));
    }
};

token_worker::token_worker(token_worker_options options)
    : options_(std::move(options)), state_(std::make_shared<state>()), thread_(run, state_) {}

token_worker::~token_worker() {
    stop();
    auto over = [this](std::chrono::milliseconds patience) {
        std::unique_lock lock(state_->mutex);
        return state_->thread_over.wait_for(lock, patience, [&] { return state_->over; });
    };
    bool ended = over(options_.grace);
    if (!ended && options_.end_module) {
        options_.end_module();
        ended = over(options_.grace);
    }
    ended ? thread_.join() : thread_.detach();
}

void token_worker::stop() {
    {
        std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->work_there.notify_all();
    state_->refuse_all(errc::stopping);
}

std::size_t token_worker::waiting() const {
    std::lock_guard lock(state_->mutex);
    return state_->queue.size();
}

bool token_worker::hanging() const {
    std::lock_guard lock(state_->mutex);
    return state_->hanging;
}

result<bytes> token_worker::submit(std::function<result<bytes>()> work, steady_time deadline) {
    auto j = std::make_shared<job>();
    j->work = std::move(work);
    j->deadline = deadline;
    {
        std::lock_guard lock(state_->mutex);
        if (state_->stopping) return failed(errc::stopping);
        if (state_->hanging) return failed(errc::module_hangs);
        if (state_->queue.size() >= options_.queue_limit) return failed(errc::queue_full);
        state_->queue.push_back(j);
    }
    state_->work_there.notify_one();
    {
        std::unique_lock lock(j->mutex);
        if (j->answered.wait_until(lock, deadline, [&] { return j->answer.has_value(); })) return std::move(*j->answer);
    }
    bool hangs;
    {
        std::lock_guard lock(state_->mutex);
        hangs = state_->in_hand == j;
        state_->hanging |= hangs;
    }
    if (hangs) {
        state_->refuse_all(errc::module_hangs);
        if (options_.end_module) options_.end_module();
    }
    return failed(errc::deadline_passed);
}

cms::signer token_worker::behind(cms::signer direct, std::chrono::milliseconds patience) {
    auto sign = [this, inner = std::move(direct.sign), patience](bytes_view hash) {
        return submit([inner, own = bytes(hash.begin(), hash.end())] { return inner(own); },
                      std::chrono::steady_clock::now() + patience);
    };
    direct.sign = std::move(sign);
    return direct;
}

void token_worker::run(std::shared_ptr<state> s) {
    std::unique_lock lock(s->mutex);
    for (;;) {
        s->work_there.wait(lock, [&] { return s->stopping || !s->queue.empty(); });
        if (s->queue.empty()) break;
        s->in_hand = std::move(s->queue.front());
        s->queue.pop_front();
        auto next = s->in_hand;
        lock.unlock();
        result<bytes> answer = failed(errc::deadline_passed);
        if (std::chrono::steady_clock::now() < next->deadline) answer = next->work();
        next->work = {}; // what it owned goes before the next one starts
        next->finish(std::move(answer));
        next.reset();
        lock.lock();
        s->in_hand.reset();
        s->hanging = false;
    }
    s->over = true;
    s->thread_over.notify_all();
}

} // namespace vanthu::tokens
