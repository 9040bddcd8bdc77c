#include "daemon/net/admission.hpp"

#include <utility>

namespace vanthu::net {

std::shared_ptr<admission> admission::make(std::size_t in_all, std::size_t of_one_address) {
    return std::shared_ptr<admission>(new admission(in_all, of_one_address));
}

admission::place::~place() {
    std::lock_guard lock(of_->guard_);
    of_->leave(*this);
}

void admission::place::speaks() {
    std::lock_guard lock(of_->guard_);
    if (std::exchange(silent_, false)) of_->silent_.erase(waiting_);
}

void admission::leave(place& p) {
    if (std::exchange(p.silent_, false)) silent_.erase(p.waiting_);
    if (!std::exchange(p.counted_, false)) return;
    --present_;
    if (p.address_.empty()) return;
    auto of_address = by_address_.find(p.address_);
    if (--of_address->second == 0) by_address_.erase(of_address);
}

std::function<void()> admission::drop_oldest(const std::string* of_address) {
    for (place* p : silent_) {
        if (of_address && p->address_ != *of_address) continue;
        leave(*p);
        return std::move(p->give_way_);
    }
    return nullptr;
}

std::shared_ptr<admission::place> admission::enter(const std::shared_ptr<admission>& door, std::string address,
                                                   std::function<void()> give_way) {
    auto p = std::make_shared<place>();
    p->of_ = door;
    std::function<void()> dropped;
    {
        std::lock_guard lock(door->guard_);
        const auto here = door->by_address_.find(address);
        const bool too_many_of_it =
            !address.empty() && door->of_one_ != 0 && here != door->by_address_.end() && here->second >= door->of_one_;
        if (too_many_of_it || door->present_ >= door->in_all_) {
            dropped = door->drop_oldest(too_many_of_it ? &address : nullptr);
            if (!dropped) return nullptr; // ~place() waits for the guard, and runs after this block
        }
        p->address_ = std::move(address);
        p->give_way_ = std::move(give_way);
        p->waiting_ = door->silent_.insert(door->silent_.end(), p.get());
        p->counted_ = p->silent_ = true;
        ++door->present_;
        if (!p->address_.empty()) ++door->by_address_[p->address_];
    }
    if (dropped) dropped();
    return p;
}

std::size_t admission::present() const {
    std::lock_guard lock(guard_);
    return present_;
}

} // namespace vanthu::net
