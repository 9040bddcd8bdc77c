#include "daemon/delivery/expiry.hpp"

#include "daemon/base/log.hpp"
#include "daemon/delivery/lane.hpp"
#include "daemon/ledger/commit_task.hpp"

namespace vanthu::delivery {

result<bool> warn_of_expiry(records::writer& w, const std::string& home, const std::string& organisation,
                            const std::string& owner, const std::string& document, const std::string& node,
                            std::int64_t expires_at) {
    VANTHU_TRY(auto t, w.transfer(owner, document, node));
    if (!t || t->expiry_warned_at || records::is_final(t->state_now) || t->state_now == records::state::parked)
        return false;
    VANTHU_TRY(auto d, w.document(owner, document));
    if (!d) return false;
    t->expiry_warned_at = w.now();
    w.put(*t);
    if (!t->fenced) w.add_work(home, *t);
    for (const std::string& code : t->recipients) {
        VANTHU_TRY(auto c, w.consignment(owner, document, code));
        if (!c || records::is_final(c->state_now)) continue;
        VANTHU_CHECK(w.add_event(owner, {.document = document,
                                         .recipient = code,
                                         .kind = "expiry_near",
                                         .by = node,
                                         .text = to_rfc3339(from_us(expires_at))}));
        if (d->previous_node.empty()) continue;
        VANTHU_CHECK(w.add_notice(home, d->previous_node,
                                  {.packet_sha256 = d->packet_sha256,
                                   .recipient = code,
                                   .kind = "expiring",
                                   .code = t->reason,
                                   .by = organisation,
                                   .at = w.now()}));
    }
    return true;
}

std::int64_t engine::warn_after() const {
    return std::max<std::int64_t>(options_.expiry.count() - options_.expiry_warning.count(),
                                  options_.expiry.count() / 2);
}

asio::awaitable<void> engine::warn(lane& l, std::vector<place> batch) {
    std::size_t said = 0;
    auto change = [&](ledger::transaction& tr) -> result<> {
        records::writer w(tr);
        for (const place& p : batch) {
            VANTHU_TRY(auto t, w.transfer(p.owner, p.document, l.node));
            if (!t) continue;
            VANTHU_TRY(const bool now, warn_of_expiry(w, options_.home, options_.organisation, p.owner, p.document,
                                                      l.node, t->created_at + options_.expiry.count()));
            said += now;
        }
        return {};
    };
    auto kept = co_await ledger::commit(store_, std::move(change));
    if (!kept)
        log::error("warning_not_kept", {{"peer", l.node}, {"failure", kept.error()}});
    else if (said) {
        log::warning("expiry_near", {{"peer", l.node}, {"transfers", said}});
        wake_notices();
    }
    std::lock_guard lock(guard_);
    l.warning = false;
    if (kept) {
        l.warnings_at_a_time = std::min(l.warnings_at_a_time * 2, lane::most_warnings_at_a_time);
    } else { // to be said all the same; should one of them be the cause, it is found by itself and keeps nobody else
        const std::int64_t later = to_us(clock_.now()) + options_.first_retry.count();
        for (const place& p : batch) l.queue.not_warned(p.document);
        if (batch.size() == 1 && !l.queue.is_active(batch.front().document))
            l.queue.put_off(batch.front().document, later);
        l.warnings_at_a_time = 1;
        l.warn_not_before = later;
    }
    l.timer.cancel();
}

} // namespace vanthu::delivery
