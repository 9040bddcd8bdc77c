#include "daemon/ledger/group_writer.hpp"

namespace vanthu::ledger {

group_writer::group_writer(std::function<void()> ended) : ended_(std::move(ended)), thread_([this] { run(); }) {}

group_writer::~group_writer() {
    {
        std::lock_guard lock(mutex_);
        closing_ = true;
        begun_.notify_one();
    }
    thread_.join();
}

void group_writer::begin(group_transaction& group) {
    std::lock_guard lock(mutex_);
    group_ = &group;
    begun_.notify_one();
}

result<> group_writer::take_answer() {
    std::lock_guard lock(mutex_);
    has_answer_ = false;
    return std::exchange(answer_, {});
}

void group_writer::run() {
    for (;;) {
        group_transaction* group = nullptr;
        {
            std::unique_lock lock(mutex_);
            begun_.wait(lock, [&] { return group_ || closing_; });
            if (!group_) return;
            group = std::exchange(group_, nullptr);
        }
        auto answer = group->make_durable();
        {
            std::lock_guard lock(mutex_);
            answer_ = std::move(answer);
            has_answer_ = true;
        }
        ended_();
    }
}

} // namespace vanthu::ledger
