// Transport outcomes travel back along the way a document came (contracts 3): in sequence, durable on both sides.
#include "daemon/base/log.hpp"
#include "daemon/delivery/engine.hpp"
#include "daemon/ledger/commit_task.hpp"

#include <boost/asio/redirect_error.hpp>

namespace vanthu::delivery {

using records::state;

asio::awaitable<void> engine::run_notices() {
    for (;;) {
        records::reader read(store_.committed());
        bool more = false;
        if (auto nodes = read.nodes_with_notices(options_.home)) {
            for (const std::string& node : *nodes) {
                auto rows = read.notices_for(options_.home, node, 500);
                transport* via = transport_for_(node);
                if (!rows || rows->empty() || !via) continue;
                std::vector<peer::notice> batch;
                for (const records::notice_row& n : *rows)
                    batch.push_back({n.sequence, n.packet_sha256, n.recipient, n.kind, n.code, n.by, n.at, n.proof});
                auto kept = co_await via->notify(batch, in(options_.request_timeout));
                if (!kept) {
                    log::info("notices_deferred", {{"peer", node}, {"failure", kept.error()}});
                    continue;
                }
                const std::uint64_t up_to = std::min(*kept, rows->back().sequence);
                auto removed = co_await ledger::commit(store_, [&](ledger::transaction& t) -> result<> {
                    records::writer(t).remove_notices(options_.home, node, up_to);
                    return {};
                });
                more |= removed && rows->size() == 500;
            }
        }
        notice_timer_->expires_after(more ? std::chrono::milliseconds(0) : options_.notice_interval);
        boost::system::error_code woken;
        co_await notice_timer_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
    }
}

task<std::uint64_t> receive_notices(ledger::store& store, std::string home, std::string node,
                                    std::vector<peer::notice> notices) {
    std::uint64_t kept = 0;
    auto change = [&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        VANTHU_TRY(kept, w.notices_received(home, node));
        for (const peer::notice& n : notices) {
            if (n.sequence <= kept) continue; // told before
            kept = n.sequence;
            VANTHU_TRY(auto place, w.sent_to(home, node, n.packet_sha256));
            if (!place) continue; // of a packet we know nothing of: nothing to show it on
            VANTHU_TRY(auto document, w.document(place->owner, place->document));
            VANTHU_TRY(auto consignment, w.consignment(place->owner, place->document, n.recipient));
            if (!document || !consignment) continue;
            if (n.kind == "returned" || n.kind == "expired") {
                consignment->state_now = n.kind == "returned" ? state::refused : state::expired;
                consignment->reason = n.code;
            } else if (n.kind == "parked") {
                consignment->reason = n.code;
            } else if (n.kind == "accepted" || n.kind == "kept" || n.kind == "on_axis" || n.kind == "released") {
                consignment->reason.clear();
            }
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
        w.notices_received_up_to(home, node, kept);
        return {};
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store, std::move(change)));
    co_return kept;
}

} // namespace vanthu::delivery
