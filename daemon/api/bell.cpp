#include "daemon/api/bell.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

namespace vanthu::api {

std::uint64_t inbox_bell::rings(const std::string& organisation) const {
    std::lock_guard lock(guard_);
    auto found = places_.find(organisation);
    return found == places_.end() ? 0 : found->second.rings;
}

asio::awaitable<void> inbox_bell::wait(std::string organisation, std::uint64_t seen, steady_time deadline) {
    auto mine = std::make_shared<waiter>(waiter{asio::steady_timer(co_await asio::this_coro::executor, deadline)});
    {
        std::lock_guard lock(guard_);
        place& p = places_[organisation];
        if (p.rings != seen || closed_) co_return;
        p.waiting.push_back(mine);
    }
    boost::system::error_code woken;
    co_await mine->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    std::lock_guard lock(guard_);
    std::erase(places_[organisation].waiting, mine);
}

void inbox_bell::ring(const std::string& organisation) {
    std::lock_guard lock(guard_);
    place& p = places_[organisation];
    ++p.rings;
    // A timer is only touched on its own executor; a ring between the check and the wait finds it there already.
    for (const std::shared_ptr<waiter>& w : p.waiting) asio::post(w->timer.get_executor(), [w] { w->timer.cancel(); });
}

void inbox_bell::close() {
    std::vector<std::string> names;
    {
        std::lock_guard lock(guard_);
        closed_ = true;
        for (const auto& [name, p] : places_) names.push_back(name);
    }
    for (const std::string& name : names) ring(name);
}

} // namespace vanthu::api
