// Makes one complete group durable on a thread of its own, while the committer decides the next one.
#pragma once

#include "daemon/ledger/group_transaction.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace vanthu::ledger {

class group_writer {
public:
    // `ended` is called on the writer's thread when there is an answer to take.
    explicit group_writer(std::function<void()> ended);
    ~group_writer(); // after the group under way has ended

    // Nothing may be under way. The transaction lives until its answer was taken.
    void begin(group_transaction&);
    bool has_answer() const { return has_answer_; }
    // Of the group that was begun last; once.
    result<> take_answer();

private:
    void run();

    const std::function<void()> ended_;
    std::atomic<bool> has_answer_{false};
    std::mutex mutex_; // guards all below
    std::condition_variable begun_;
    group_transaction* group_ = nullptr;
    result<> answer_;
    bool closing_ = false;
    std::thread thread_;
};

} // namespace vanthu::ledger
