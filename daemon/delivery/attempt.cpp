#include "daemon/delivery/attempt.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/delivery/errors.hpp"

namespace vanthu::delivery {

using records::state;
using records::transfer_row;

result<begun> begin_attempt(records::writer& w, const records::recall_side& side, const transfer_row& composed,
                            const records::document_row& d) {
    begun out;
    VANTHU_TRY(auto stored, w.transfer(composed.owner, composed.document, composed.node));
    if (!stored) return failed(errc::transfer_unknown, composed.document);
    transfer_row& t = *stored;
    if (t.attempt_open) { // by a process that ended before its outcome
        t.attempt_open = false;
        t.perhaps_taken = true;
        if (t.recall_waits) {
            VANTHU_TRY(out.released, records::settle(w, side, d, t));
        }
    }
    if (records::is_final(t.state_now) || t.recipients.empty()) {
        w.remove_work(side.home, t);
        w.put(t);
        return out;
    }
    std::vector<records::piece_row> pieces;
    if (t.composed) {
        VANTHU_TRY(pieces, w.pieces(t));
    } else {
        pieces = composed.pieces;
        w.put_pieces(t, pieces);
        t.composed = true;
        t.size = composed.size;
        t.packet_sha256 = composed.packet_sha256;
        t.expires_at = composed.expires_at;
        w.sent(side.home, t);
    }
    t.attempt_open = true;
    w.put(t);
    t.pieces = std::move(pieces);
    out.transfer = std::move(t);
    return out;
}

peer::manifest manifest_of(const transfer_row& t, const records::document_row& d) {
    return {.packet_sha256 = t.packet_sha256,
            .size = t.size,
            .kind = d.kind == records::document_kind::status ? "status" : "document",
            .recipients = t.recipients,
            .origin = d.origin,
            .document = d.id};
}

result<concluded> conclude_attempt(records::writer& w, const records::recall_side& side, const attempt_rules& rules,
                                   const registry::registry& known, const records::document_row& document,
                                   const transfer_row& before, const outcome& o) {
    concluded out;
    const timestamp at = from_us(w.now());
    VANTHU_TRY(auto stored, w.transfer(before.owner, before.document, before.node));
    if (!stored) return failed(errc::transfer_unknown, before.document);
    transfer_row& t = *stored;
    // Ended by somebody else: only a receipt is a later word.
    if (records::is_final(t.state_now) && o.what != outcome::kind::delivered) {
        w.remove_work(side.home, t);
        t.attempt_open = false;
        w.put(t);
        out.after = std::move(t);
        return out;
    }
    const bool released = t.next_attempt_at != before.next_attempt_at;
    const std::string last_reason = t.reason;
    if (rules.burns || o.what != outcome::kind::deferred) ++t.attempts;
    // One that was never begun here may have been, before a crash.
    t.perhaps_taken = t.perhaps_taken || o.unanswered || (t.attempt_open && !before.attempt_open);
    t.attempt_open = false;
    t.last_attempt_at = w.now();
    t.reason = o.code;
    t.reason_detail = o.cause;
    std::string event, notice;
    const bool kept_there = o.what == outcome::kind::delivered && o.final_hop;
    switch (o.what) {
    case outcome::kind::delivered:
        t.state_now = state::delivered;
        t.reason.clear();
        t.reason_detail.clear();
        t.receipt_sha256 = sha256::of(o.receipt);
        w.put_hop_receipt(side.home, t, o.receipt);
        event = "handed_over";
        notice = o.final_hop ? "kept" : "accepted";
        break;
    case outcome::kind::refused:
        // The other side may call it so too: then it was refused.
        t.state_now = o.status == 0 && o.code == public_code(errc::expired) ? state::expired : state::refused;
        event = notice = t.state_now == state::expired ? "expired" : "returned";
        break;
    case outcome::kind::deferred:
        if (rules.burns && t.attempts >= rules.attempts && !released) {
            t.state_now = state::parked;
            event = notice = "parked";
        } else {
            t.state_now = state::deferred;
            if (!released) t.next_attempt_at = w.now() + rules.wait; // else "now", as the operator asked meanwhile
            if (last_reason != t.reason) event = "deferred";         // one event a reason, not one an attempt
        }
        break;
    }
    if (t.state_now == state::deferred)
        w.add_work(side.home, t);
    else
        w.remove_work(side.home, t);
    w.put(t);
    const registry::node* node = known.find_node(t.node);
    const registry::organisation* at_hop = node ? known.find_organisation(node->organisation) : nullptr;
    const registry::dated_code* hop_code = at_hop ? at_hop->preferred_code(at) : nullptr;
    const std::string by = hop_code && o.what == outcome::kind::delivered ? hop_code->code : side.organisation;
    for (const std::string& code : t.recipients) {
        VANTHU_TRY(auto c, w.consignment(t.owner, t.document, code));
        if (!c) continue;
        // A notice from beyond may have ended it while our attempt ran ("returned"): that is the later word.
        if (!records::is_final(c->state_now)) {
            c->state_now = t.state_now;
            // A notice may be quicker than the receipt that it follows.
            c->reason = t.state_now == state::delivered ? c->reason_beyond : t.reason;
        }
        c->updated_at = w.now();
        w.put(t.owner, *c);
        if (t.state_now == state::refused || t.state_now == state::expired)
            VANTHU_CHECK(records::request_failed(w, side, document, code, t.reason));
        if (!event.empty())
            VANTHU_CHECK(
                w.add_event(t.owner, {.document = t.document,
                                      .recipient = code,
                                      .kind = event,
                                      .code = kept_there ? "kept" : t.reason,
                                      .by = t.node,
                                      .text = t.reason_detail,
                                      .proof = o.what == outcome::kind::delivered ? t.receipt_sha256.hex() : ""}));
        // For whom the next hop is the end among others that it carries on, it says "kept" itself.
        const registry::resolution to = known.resolve(code, at);
        const bool told_there = o.what == outcome::kind::delivered && !o.final_hop && node && to.known() &&
                                known.server(*to.found, at) == node;
        if (!notice.empty() && !told_there && !document.previous_node.empty()) {
            VANTHU_CHECK(w.add_notice(side.home, document.previous_node,
                                      {.packet_sha256 = document.packet_sha256,
                                       .recipient = code,
                                       .kind = notice,
                                       .code = t.reason,
                                       .by = by,
                                       .at = w.now(),
                                       .proof = o.what == outcome::kind::delivered ? t.receipt_sha256.hex() : ""}));
            out.notices = true;
        }
    }
    if (t.recall_waits) {
        VANTHU_TRY(out.released, records::settle(w, side, document, t));
        out.notices = true;
    }
    out.after = std::move(t);
    return out;
}

void send_now(records::writer& w, const std::string& home, transfer_row& t) {
    const std::int64_t now = w.now();
    if (t.state_now == state::parked || t.state_now == state::delivered) {
        t.attempts = 0;
        if (t.expires_at) t.expires_at += now - t.created_at; // 0: not composed yet
        t.created_at = now;
        t.expiry_warned_at = 0;
    }
    t.state_now = state::waiting;
    t.next_attempt_at = now;
    t.reason.clear();
    t.reason_detail.clear();
    w.put(t);
    w.add_work(home, t);
}

} // namespace vanthu::delivery
