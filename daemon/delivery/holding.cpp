#include "daemon/delivery/lane.hpp"

namespace vanthu::delivery {

engine::holding::holding(engine& e, lane& l, place what, std::optional<flow::permit> permit)
    : engine_(e), life_(e.life_), lane_(l), what_(std::move(what)), permit_(permit), in_window_(permit.has_value()) {}

engine::holding::~holding() {
    if (life_.expired()) return;
    std::lock_guard lock(engine_.guard_);
    if (queued_) put_off(to_us(engine_.clock_.now()) + engine_.options_.first_retry.count());
    if (!permit_)
        --lane_.expiring;
    else if (in_window_)
        lane_.flow.dropped(*permit_);
    lane_.timer.cancel();
}

void engine::holding::end_by_time() {
    if (!permit_) return;
    lane_.flow.dropped(*permit_);
    permit_.reset();
    ++lane_.expiring;
}

bool engine::holding::may_be_document(std::int64_t now) {
    new_document_ = true;
    return lane_.flow.may_be_document(*permit_, now);
}

bool engine::holding::asked(std::int64_t now, fault f, const outcome& o, double chance) {
    in_window_ = false;
    return lane_.flow.ended(*permit_, now, f, o.code, what_.document, o.retry_after, chance);
}

void engine::holding::gone() {
    lane_.queue.erase(what_.document);
    (void)engine_.take_composed(lane_, what_.document);
    queued_ = false;
}
void engine::holding::again(const records::transfer_row& t) {
    lane_queue::entry e = queued(t);
    e.new_document = new_document_;
    lane_.queue.give_back(e);
    queued_ = false;
}
void engine::holding::put_off(std::int64_t until) {
    lane_.queue.put_off(what_.document, until);
    queued_ = false;
}

} // namespace vanthu::delivery
