// Wakes long polls: ring(organisation) when something new stands in its inbox. Any thread.
#pragma once

#include "daemon/base/task.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <string>

namespace vanthu::api {

class inbox_bell {
public:
    // Number of rings of this organisation so far. Read it before looking into the inbox, then wait for another one.
    std::uint64_t rings(const std::string& organisation) const;
    // Returns when rings(organisation) != seen, at the deadline, or when the bell is closed.
    asio::awaitable<void> wait(std::string organisation, std::uint64_t seen, steady_time deadline);
    void ring(const std::string& organisation);
    // At shutdown: from now on nobody waits.
    void close();
    bool closed() const { return closed_; }

private:
    struct waiter {
        asio::steady_timer timer;
    };
    struct place {
        std::uint64_t rings = 0;
        std::vector<std::shared_ptr<waiter>> waiting;
    };
    mutable std::mutex guard_;
    std::atomic<bool> closed_ = false;
    std::map<std::string, place> places_;
};

} // namespace vanthu::api
