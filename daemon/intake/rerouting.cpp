#include "daemon/intake/rerouting.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/intake/companion.hpp"
#include "daemon/intake/decision.hpp"
#include "daemon/ledger/commit_task.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <map>

namespace vanthu::intake {

using records::consignment_row;
using records::document_row;

struct rerouting::candidate {
    records::reader::unplaced place;
    document_row document;
    routed to;
    std::string refusal, flag; // what the policy says where it ends here
    std::string hold;          // why it waits for an operator all the same
    std::string reason;        // on record
    std::unique_ptr<companion> follows;
    bool decided = false; // its payload belongs to a row
};

rerouting::rerouting(gate& g, asio::any_io_executor executor, std::size_t batch, std::chrono::milliseconds look_again)
    : gate_(g), timer_(executor), batch_(batch), look_again_(look_again) {}

void rerouting::wake() {
    asio::post(timer_.get_executor(), [this] {
        woken_ = true;
        timer_.cancel();
    });
}

asio::awaitable<void> rerouting::run() {
    for (;;) {
        woken_ = false;
        const std::string by = "registry " + std::to_string(gate_.registry()->version());
        auto done = co_await pass(by);
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
        if (!done) {
            log::error("rerouting_failed", {{"failure", done.error()}});
        } else if (done->placed || done->later) {
            log::info("rerouted", {{"placed", done->placed}, {"held", done->held}, {"later", done->later}});
        }
        if (!woken_) {
            timer_.expires_after(!done || done->later ? look_again_ : std::chrono::hours(24));
            boost::system::error_code ec;
            co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        }
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
    }
}

task<rerouting::report> rerouting::pass(std::string by) {
    report sum;
    records::reader::unplaced last;
    for (;;) {
        auto read = [&]() -> result<places> {
            VANTHU_TRY(places found,
                       records::reader(gate_.store_.committed()).unplaced_after(gate_.options_.home, last, batch_ + 1));
            if (found.size() <= batch_) return found;
            // Recipients of one document are moved together, so that they share an envelope.
            while (found.size() > 1 && found.back().document == found[found.size() - 2].document) found.pop_back();
            if (found.size() > 1) {
                found.pop_back();
                return found;
            }
            return records::reader(gate_.store_.committed()).unplaced_after(gate_.options_.home, last, batch_);
        };
        VANTHU_CO_TRY(places next, co_await offload(gate_.disk_, read));
        if (next.empty()) co_return sum;
        last = next.back();
        auto one = co_await move(next, by);
        if (!one && next.size() > 1) {
            // One of them is in the way of the others: each by itself, and that one is told of.
            one = report{};
            for (const records::reader::unplaced& each : next) {
                auto alone = co_await move({each}, by);
                if (!alone) {
                    log::error("rerouting_failed", {{"document", each.document}, {"failure", alone.error()}});
                    ++one->held;
                    continue;
                }
                one->placed += alone->placed;
                one->held += alone->held;
                one->later += alone->later;
            }
        }
        if (!one) co_return std::unexpected(one.error());
        sum.placed += one->placed;
        sum.held += one->held;
        sum.later += one->later;
    }
}

result<rerouting::plan> rerouting::dry_run(std::shared_ptr<const registry::registry> next,
                                           std::size_t list_at_most) const {
    plan out;
    for (records::reader::unplaced last;;) {
        VANTHU_TRY(places some,
                   records::reader(gate_.store_.committed()).unplaced_after(gate_.options_.home, last, batch_));
        if (some.empty()) return out;
        last = some.back();
        report seen;
        VANTHU_TRY(auto found, look(some, *next, seen));
        out.held += seen.held;
        for (candidate& one : found) {
            if (one.to.route.kind == registry::route_kind::held) continue; // counted: for another reason than now
            ++(one.hold.empty() ? out.placed : out.held);
            if (out.leaving.size() == list_at_most) continue;
            out.leaving.push_back({std::move(one.document), one.place.recipient_code, std::move(one.reason),
                                   std::move(one.to.route), std::move(one.hold)});
        }
    }
}

task<rerouting::report> rerouting::release(std::string owner, std::string document, std::string by) {
    auto read = [&]() -> result<places> {
        VANTHU_TRY(auto consignments, records::reader(gate_.store_.committed()).consignments(owner, document));
        places out;
        for (const consignment_row& c : consignments)
            if (is_unplaced(c) || is_held(c)) out.push_back({owner, document, c.recipient_code});
        return out;
    };
    VANTHU_CO_TRY(places found, co_await offload(gate_.disk_, read));
    co_return co_await move(std::move(found), std::move(by));
}

// What can be known before the change: where each goes now, and what follows from it. Nothing is written.
result<std::vector<rerouting::candidate>> rerouting::look(const places& all, const registry::registry& known,
                                                          report& seen) const {
    const records::reader read(gate_.store_.committed());
    const timestamp at = gate_.clock_.now();
    std::vector<candidate> out;
    for (const records::reader::unplaced& place : all) {
        VANTHU_TRY(auto c, read.consignment(place.owner, place.document, place.recipient_code));
        VANTHU_TRY(auto d, read.document(place.owner, place.document));
        if (!c || !d) return failed(records::errc::document_unknown, place.document);
        candidate one{.place = place, .document = std::move(*d), .reason = c->reason};
        // A document never goes back to where it came from; a status may have to.
        const bool is_document = one.document.kind == records::document_kind::document;
        one.to = route_recipient(known, gate_.options_.node, place.recipient_code, at,
                                 is_document ? one.document.previous_node : "");
        if (is_document) {
            std::vector<std::string> targets;
            if (!one.document.target.empty()) targets.push_back(one.document.target);
            for (const records::replaced_row& each : one.document.replaces) targets.push_back(each.document_id);
            VANTHU_CHECK(keep_with_document(read, gate_.options_.home, one.document.identity.issuer, targets,
                                            known, gate_.options_.node, one.to));
        }
        if (one.to.route.kind == registry::route_kind::held) {
            ++seen.held;
            if (c->reason == held_reason_code(one.to)) continue;
        }
        // What the policy holds back is held back also where the registry comes to know the way only now; an operator's
        // release of what it has held is the last word.
        const bool local = one.to.route.kind == registry::route_kind::local;
        if (is_document && is_unplaced(*c) && one.to.route.kind != registry::route_kind::held) {
            const role as = local ? role::final : one.document.previous_node.empty() ? role::issue : role::transit;
            const action what = gate_.policy_.load()->of(as, verdict_of(one.document.signatures));
            one.hold = hold_of(what, false);
            if (!one.hold.empty()) one.flag = flag_of(what);
        }
        out.push_back(std::move(one));
    }
    return out;
}

// It ends here now: the policy for what ends here applies (contracts 10), and an organisation without an eOffice
// answers at once.
result<> rerouting::prepare(candidate& one) const {
    const bool local = one.to.route.kind == registry::route_kind::local;
    if (!local || one.document.kind != records::document_kind::document || !one.hold.empty()) return {};
    const auto table = gate_.policy_.load();
    const action what = table->of(role::final, verdict_of(one.document.signatures));
    if (what == action::refuse && table->send_final_refusal)
        one.refusal = public_code(errc::signature_refused);
    else
        one.flag = flag_of(what);
    if (one.refusal.empty() && !one.to.route.final->answers_on_commit) return {};
    VANTHU_TRY(one.follows, answer_of(one.document, one.to, one.refusal, {}));
    return {};
}

result<std::unique_ptr<companion>> rerouting::answer_of(const document_row& d, const routed& recipient,
                                                        const std::string& refusal, const std::string& words) const {
    const records::business_identity& i = d.identity;
    edxml::response_for about{d.from_code, i.number + "/" + i.notation, edxml::packet_date::parse(i.date),
                              i.document_id};
    VANTHU_TRY(auto answer, compose_companion(std::move(about), recipient.code, recipient.name, refusal,
                                              gate_.registry(), gate_.clock_.now(), words));
    answer->from.about = {d.owner, d.id};
    VANTHU_CHECK(answer->store_payload(gate_.store_.payloads()));
    return answer;
}

void rerouting::announce(ledger::transaction& t, const outcome& out) const {
    t.after_commit([&g = gate_, work = out.work, inboxes = out.inboxes]() mutable {
        if (g.on_work && !work.empty()) g.on_work(std::move(work), {});
        if (g.on_inbox)
            for (const std::string& organisation : inboxes) g.on_inbox(organisation);
    });
}

task<rerouting::report> rerouting::move(places all, std::string by) {
    report seen;
    auto work = [&]() -> result<std::vector<candidate>> {
        const auto known = gate_.registry();
        VANTHU_TRY(auto found, look(all, *known, seen));
        for (candidate& one : found) VANTHU_CHECK(prepare(one));
        return found;
    };
    VANTHU_CO_TRY(std::vector<candidate> candidates, co_await offload(gate_.disk_, work));
    if (candidates.empty()) co_return seen;
    auto change = [&](ledger::transaction& t) -> result<> {
        decision d(gate_.options_, gate_.log_, t);
        outcome out;
        for (std::size_t first = 0; first < candidates.size();) {
            // One document after the other: its recipients behind one hop share a transfer.
            decision::transfers to;
            std::size_t next = first;
            for (; next < candidates.size() && candidates[next].place.document == candidates[first].place.document;
                 ++next) {
                candidate& one = candidates[next];
                VANTHU_TRY(auto moved, d.place_again(one.place, one.to, one.refusal, one.hold, one.flag, by, to, out));
                if (moved == decision::placing::later) ++seen.later;
                if (moved == decision::placing::held && !one.hold.empty()) ++seen.held;
                if (moved != decision::placing::placed) continue;
                ++seen.placed;
                if (!one.follows) continue;
                outcome answered;
                VANTHU_CHECK(d.status(one.follows->status, answered));
                one.decided = !answered.known;
                out.work.insert(out.work.end(), answered.work.begin(), answered.work.end());
                out.inboxes.insert(out.inboxes.end(), answered.inboxes.begin(), answered.inboxes.end());
            }
            VANTHU_CHECK(d.add_transfers(to, out));
            first = next;
        }
        announce(t, out);
        return {};
    };
    result<> done = co_await ledger::commit(gate_.store_, std::move(change));
    if (done || !may_be_written(done.error()))
        for (const candidate& one : candidates)
            if (one.follows && (!done || !one.decided))
                gate_.store_.payloads().discard(one.follows->status.payload.ref);
    if (!done) co_return std::unexpected(done.error());
    co_return seen;
}

} // namespace vanthu::intake
