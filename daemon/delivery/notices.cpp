// Transport outcomes travel back along the way a document came (contracts 3): in sequence, durable on both sides.
#include "daemon/delivery/notices.hpp"

#include "daemon/base/log.hpp"
#include "daemon/delivery/engine.hpp"
#include "daemon/ledger/commit_task.hpp"
#include "daemon/records/recalls.hpp"
#include "schemas/edxml/packet.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>

namespace vanthu::delivery {

using records::state;

namespace {
constexpr std::size_t batch_at_most = 500, nodes_at_a_time = 32;
constexpr int updates = int(edxml::bussiness_type::update), // recall_row::asks
    replaces = int(edxml::bussiness_type::replace);

// Where what is asked of this document stands, as a hop further on has told.
result<> request_told(records::writer& w, const std::string& home, const records::document_row& d,
                      const records::consignment_row& c, records::recall_stand stands, const std::string& by) {
    const bool itself = !d.target.empty(); // the request: the hop has found nothing left to ask for
    VANTHU_TRY(auto q, itself ? records::asked_by(w, home, d, d.target, c)
                              : w.recall(home, d.identity.issuer, d.identity.document_id, c.recipient));
    // Of a request itself: nothing was left to take away there, or an update takes nothing. What was stopped its own
    // notice tells, before this one on the same way.
    if (q && (itself || q->asks == updates)) stands = records::recall_stand::ended;
    // That the document was stopped is the better word: than that of its recall, where that came first by another way,
    // and of a replacement than the recipient's 15.
    const bool better = q && stands == records::recall_stand::withdrawn &&
                        (q->asks == replaces ? q->stands == records::recall_stand::agreed
                                             : q->stands == records::recall_stand::ended &&
                                                   c.state_now == state::recalled);
    if (!q || (itself ? q->recall : q->document) != d.id || !(better || records::is_open(q->stands))) return {};
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

claim judge(std::string_view kind, state now, const std::vector<std::string>& statuses, bool asked_back) {
    const bool recalled = kind == "recalled";
    if (!recalled && kind != "returned" && kind != "expired") return claim::believed;
    if (records::is_final(now) && now != state::delivered) return claim::ended_before;
    static constexpr std::string_view has_it[] = {"01", "03", "04", "05", "06"};
    if (std::ranges::any_of(
            statuses, [](const std::string& code) { return std::ranges::find(has_it, code) != std::end(has_it); }))
        return claim::answered;
    return recalled && !asked_back ? claim::unasked : claim::believed;
}

result<bool> is_asked_back(const records::reader& read, std::string_view home, const records::document_row& d,
                           const records::consignment_row& c) {
    const int type = d.identity.business_type; // statuses have one of their own
    const bool conversation = type >= int(edxml::bussiness_type::recall) && type <= int(edxml::bussiness_type::replace);
    if (c.asked_back || conversation) return true;
    // It may have come by another way than the document, or before it.
    VANTHU_TRY(auto q, read.recall(home, d.identity.issuer, d.identity.document_id, c.recipient));
    return q.has_value();
}

result<std::uint64_t> take_notices(records::writer& w, const std::string& home, const std::string& node,
                                   const peer::notice_call& call) {
    VANTHU_TRY(std::uint64_t kept, w.notices_received(home, node, call.instance));
    for (const peer::notice& n : call.notices) {
        if (n.sequence <= kept) continue; // told before
        kept = n.sequence;
        VANTHU_TRY(auto place, w.sent_to(home, node, n.packet_sha256));
        if (!place) continue; // of a packet we know nothing of: nothing to show it on
        VANTHU_TRY(auto document, w.document_alone(place->owner, place->document));
        VANTHU_TRY(auto consignment, w.consignment(place->owner, place->document, n.recipient));
        if (!document || !consignment) continue;
        VANTHU_TRY(const bool asked_back, is_asked_back(w, home, *document, *consignment));
        std::vector<std::string> statuses;
        for (const records::status_seen& s : consignment->statuses) statuses.push_back(s.code);
        const claim stands = judge(n.kind, consignment->state_now, statuses, asked_back);
        // What is not believed stays among the steps; it is passed on only where it says nothing new.
        const bool passed_on = stands == claim::believed || stands == claim::ended_before;
        if (n.kind == "recalled" && passed_on) {
            // Stopped there; of the recall itself: it has done its work there.
            if (stands == claim::believed) consignment->state_now = state::recalled;
            consignment->reason_beyond.clear();
            VANTHU_CHECK(request_told(w, home, *document, *consignment, records::recall_stand::withdrawn, n.by));
            VANTHU_CHECK(records::end_requests(w, home, *document, *consignment));
        } else if (stands != claim::believed) {
            // Nothing changes here.
        } else if (n.kind == "returned" || n.kind == "expired") {
            VANTHU_CHECK(request_told(w, home, *document, *consignment, records::recall_stand::ended, n.by));
            VANTHU_CHECK(records::request_failed(w, {home, n.by}, *document, n.recipient, n.code));
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
        if (!document->previous_node.empty() && passed_on)
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
    return kept;
}

task<std::uint64_t> receive_notices(ledger::store& store, std::string home, std::string node, peer::notice_call call) {
    std::uint64_t kept = 0;
    auto change = [&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        VANTHU_TRY(kept, take_notices(w, home, node, call));
        return {};
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store, std::move(change)));
    co_return kept;
}

} // namespace vanthu::delivery
