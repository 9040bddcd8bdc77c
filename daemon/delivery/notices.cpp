// Transport outcomes travel back along the way a document came (contracts 3): in sequence, durable on both sides.
#include "daemon/base/log.hpp"
#include "daemon/delivery/engine.hpp"
#include "daemon/ledger/commit_task.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>

namespace vanthu::delivery {

using records::state;

namespace {
constexpr std::size_t batch_at_most = 500, nodes_at_a_time = 32;

// Where a recall of this document stands, as a hop further on has told.
result<> recall_told(records::writer& w, const std::string& home, const records::document_row& d,
                     const records::consignment_row& c, records::recall_stand stands, const std::string& by) {
    if (!c.asked_back || !d.target.empty()) return {}; // nothing was asked, or it is the recall itself
    VANTHU_TRY(auto q, w.recall(home, d.identity.issuer, d.identity.document_id, c.recipient));
    if (!q || q->document != d.id || !records::is_open(q->stands)) return {};
    q->stands = stands;
    q->where = by;
    w.put(home, *q);
    return {};
}
} // namespace

// Looks who has notices waiting and starts a task for each, so that none waits for another. Between looking and
// sleeping nothing can come in: all of this runs on one executor.
asio::awaitable<void> engine::run_notices() {
    for (;;) {
        if (auto nodes = records::reader(store_.committed()).nodes_with_notices(options_.home)) {
            // When more nodes wait than may be told at a time, each gets its turn.
            std::rotate(nodes->begin(), std::upper_bound(nodes->begin(), nodes->end(), told_last_), nodes->end());
            for (const std::string& node : *nodes) {
                notice_lane& l = notice_lanes_[node];
                l.again = true;
                if (l.running || telling_ >= nodes_at_a_time || std::chrono::steady_clock::now() < l.not_before)
                    continue;
                l.running = true;
                ++telling_;
                told_last_ = node;
                group_->spawn(executor_, [this, &l, node] { return tell(l, node); });
            }
        }
        notice_timer_->expires_after(options_.notice_interval);
        boost::system::error_code woken;
        co_await notice_timer_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
    }
}

// One node, until it has all or a call fails; then the next round tries again, not before the interval is over.
asio::awaitable<void> engine::tell(notice_lane& l, std::string node) {
    struct end {
        engine& of;
        notice_lane& l;
        ~end() {
            l.running = false;
            --of.telling_;
        }
    } when_done{*this, l};
    while (l.again) {
        l.again = false;
        auto more = co_await tell_some(node);
        if (!more) {
            log::info("notices_deferred", {{"peer", node}, {"failure", more.error()}});
            l.not_before = in(options_.notice_interval);
            break;
        }
        l.again |= *more;
    }
    if (telling_ >= nodes_at_a_time) wake_notices(); // a place is free for whoever waits for one
}

// One call. True: there may be more.
task<bool> engine::tell_some(const std::string& node) {
    VANTHU_CO_TRY(auto rows, records::reader(store_.committed()).notices_for(options_.home, node, batch_at_most));
    if (rows.empty()) co_return false;
    transport* via = transport_for_(node);
    if (!via) co_return false;
    peer::notice_call call{.instance = std::string(store_.instance_id()), .notices = {}};
    for (const records::notice_row& n : rows)
        call.notices.push_back({n.sequence, n.packet_sha256, n.recipient, n.kind, n.code, n.by, n.at, n.proof});
    VANTHU_CO_TRY(const std::uint64_t kept, co_await via->notify(call, in(options_.request_timeout)));
    const std::uint64_t up_to = std::min(kept, rows.back().sequence);
    VANTHU_CO_CHECK(co_await ledger::commit(store_, [&](ledger::transaction& t) -> result<> {
        records::writer(t).remove_notices(options_.home, node, up_to);
        return {};
    }));
    co_return rows.size() == batch_at_most&& up_to == rows.back().sequence;
}

task<std::uint64_t> receive_notices(ledger::store& store, std::string home, std::string node, peer::notice_call call) {
    std::uint64_t kept = 0;
    auto change = [&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        VANTHU_TRY(kept, w.notices_received(home, node, call.instance));
        for (const peer::notice& n : call.notices) {
            if (n.sequence <= kept) continue; // told before
            kept = n.sequence;
            VANTHU_TRY(auto place, w.sent_to(home, node, n.packet_sha256));
            if (!place) continue; // of a packet we know nothing of: nothing to show it on
            VANTHU_TRY(auto document, w.document(place->owner, place->document));
            VANTHU_TRY(auto consignment, w.consignment(place->owner, place->document, n.recipient));
            if (!document || !consignment) continue;
            if (n.kind == "recalled") {
                // Stopped there; of the recall itself: it has done its work there.
                if (consignment->state_now != state::refused && consignment->state_now != state::expired)
                    consignment->state_now = state::recalled;
                consignment->reason_beyond.clear();
                VANTHU_CHECK(recall_told(w, home, *document, *consignment, records::recall_stand::withdrawn, n.by));
            } else if ((n.kind == "returned" || n.kind == "expired") && consignment->state_now == state::recalled) {
                // Ended before; what the hop says stays among the steps.
            } else if (n.kind == "returned" || n.kind == "expired") {
                VANTHU_CHECK(recall_told(w, home, *document, *consignment, records::recall_stand::ended, n.by));
                consignment->state_now = n.kind == "returned" ? state::refused : state::expired;
                consignment->reason = n.code;
            } else if (n.kind == "parked") {
                consignment->reason_beyond = n.code;
            } else if (n.kind == "accepted" || n.kind == "kept" || n.kind == "on_axis" || n.kind == "released") {
                consignment->reason_beyond.clear();
            }
            // Before our own attempt has its receipt, why it waits here is what matters; see engine::conclude().
            if (consignment->state_now == state::delivered) consignment->reason = consignment->reason_beyond;
            consignment->updated_at = w.now();
            w.put(place->owner, *consignment);
            VANTHU_CHECK(w.add_event(place->owner, {.document = place->document,
                                                    .recipient = n.recipient,
                                                    .kind = "notice",
                                                    .code = n.kind,
                                                    .by = n.by,
                                                    .text = n.code,
                                                    .proof = n.proof,
                                                    .claimed_at = n.at}));
            if (!document->previous_node.empty())
                VANTHU_CHECK(w.add_notice(home, document->previous_node,
                                          {.packet_sha256 = document->packet_sha256,
                                           .recipient = n.recipient,
                                           .kind = n.kind,
                                           .code = n.code,
                                           .by = n.by,
                                           .at = n.at,
                                           .proof = n.proof}));
        }
        w.notices_received_up_to(home, node, call.instance, kept);
        return {};
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store, std::move(change)));
    co_return kept;
}

} // namespace vanthu::delivery
