#include "daemon/tokens/token_worker.hpp"

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

token_worker::token_worker(std::size_t queue_limit) : limit_(queue_limit), thread_([this] { run(); }) {}

token_worker::~token_worker() {
    stop();
    thread_.join();
}

void token_worker::stop() {
    std::deque<std::shared_ptr<job>> dropped;
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        dropped.swap(queue_);
    }
    work_there_.notify_all();
    for (auto& j : dropped) j->finish(failed(errc::stopping));
}

std::size_t token_worker::waiting() const {
    std::lock_guard lock(mutex_);
    return queue_.size();
}

result<bytes> token_worker::submit(std::function<result<bytes>()> work, steady_time deadline) {
    auto j = std::make_shared<job>();
    j->work = std::move(work);
    j->deadline = deadline;
    {
        std::lock_guard lock(mutex_);
        if (stopping_) return failed(errc::stopping);
        if (queue_.size() >= limit_) return failed(errc::queue_full);
        queue_.push_back(j);
    }
    work_there_.notify_one();
    std::unique_lock lock(j->mutex);
    if (!j->answered.wait_until(lock, deadline, [&] { return j->answer.has_value(); }))
        return failed(errc::deadline_passed);
    return std::move(*j->answer);
}

cms::signer token_worker::behind(cms::signer direct, std::chrono::milliseconds patience) {
    auto sign = [this, inner = std::move(direct.sign), patience](bytes_view hash) {
        return submit([inner, own = bytes(hash.begin(), hash.end())] { return inner(own); },
                      std::chrono::steady_clock::now() + patience);
    };
    direct.sign = std::move(sign);
    return direct;
}

void token_worker::run() {
    for (;;) {
        std::shared_ptr<job> next;
        {
            std::unique_lock lock(mutex_);
            work_there_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) return;
            next = std::move(queue_.front());
            queue_.pop_front();
        }
        if (std::chrono::steady_clock::now() >= next->deadline)
            next->finish(failed(errc::deadline_passed));
        else
            next->finish(next->work());
    }
}

} // namespace vanthu::tokens
