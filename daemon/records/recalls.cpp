#include "daemon/records/recalls.hpp"

#include <algorithm>
#include <map>

namespace vanthu::records {
namespace {

void take_out(transfer_row& t, const std::string& code) { std::erase(t.recipients, code); }

constexpr int updates = 2, replaces = 3; // recall_row::asks

// A replacement that speaks of several documents waits for all of them. `taken`: a request that takes one's row.
result<bool> waits_for_others(writer& w, const std::string& home, const std::string& owner, const std::string& id,
                              const recall_row* taken = nullptr) {
    VANTHU_TRY(auto d, w.document(owner, id));
    if (!d || d->replaces.empty()) return false;
    VANTHU_TRY(auto all, w.consignments(owner, id));
    for (const consignment_row& c : all)
        for (const replaced_row& each : d->replaces) {
            VANTHU_TRY(auto q, asked_by(w, home, *d, each.document_id, c));
            if (q && taken && q->target == taken->target && q->recipient == taken->recipient) continue;
            if (q && q->stands == recall_stand::fenced) return true;
        }
    return false;
}

// Held back here: an operator may still refuse it, so that nothing is done for it yet.
result<bool> is_held_back(writer& w, const recall_row& q) {
    VANTHU_TRY(auto request, w.consignment(q.recall_owner, q.recall, q.asked_code));
    return request && request->state_now == state::parked && request->hop.empty();
}

} // namespace

result<std::optional<recall_row>> asked_by(const reader& read, const std::string& home, const document_row& request,
                                           const std::string& target, const consignment_row& c) {
    const std::string& issuer = request.identity.issuer;
    VANTHU_TRY(auto direct, read.recall(home, issuer, target, c.recipient));
    if (direct) return direct->recall == request.id ? std::move(direct) : std::nullopt;
    for (const std::string& owner : {issuer, home}) {
        VANTHU_TRY(auto ids, read.documents_named(owner, issuer, target));
        for (const std::string& id : ids) {
            VANTHU_TRY(auto former, read.consignment(owner, id, c.recipient_code));
            if (!former || former->recipient == c.recipient) continue;
            VANTHU_TRY(auto q, read.recall(home, issuer, target, former->recipient));
            if (q && q->recall == request.id) return q;
        }
    }
    return std::optional<recall_row>();
}

namespace {

// Ends the recall itself for this recipient: what it asks for has happened.
result<> end_request(writer& w, const recall_side& side, const recall_row& q, std::int64_t now) {
    VANTHU_TRY(auto request, w.document(q.recall_owner, q.recall));
    VANTHU_TRY(auto c, w.consignment(q.recall_owner, q.recall, q.asked_code));
    if (!request || !c) return {};
    c->state_now = state::recalled;
    c->reason.clear();
    c->updated_at = now;
    w.put(q.recall_owner, *c);
    VANTHU_CHECK(w.add_event(
        q.recall_owner,
        {.document = q.recall, .recipient = q.asked_code, .kind = "recall_withdrawn", .by = side.organisation}));
    return tell_recalled(w, side, *request, q.asked_code);
}

} // namespace

bool has_ended(const consignment_row& c) {
    return c.state_now == state::refused || c.state_now == state::expired || c.state_now == state::recalled ||
           c.last_status == "02" || c.last_status == "15" || c.answer == "16";
}

stopping can_stop(const consignment_row& c, const transfer_row* t) {
    if (is_final(c.state_now) || c.hop == "local") return stopping::too_late;
    if (!t || is_final(t->state_now)) return c.hop.empty() ? stopping::at_once : stopping::too_late;
    if (t->attempt_open) return stopping::after_the_attempt;
    return t->perhaps_taken ? stopping::too_late : stopping::at_once;
}

result<> tell_recalled(writer& w, const recall_side& side, const document_row& d, const std::string& recipient) {
    if (d.previous_node.empty()) return {};
    return w.add_notice(side.home, d.previous_node,
                        notice_row{.packet_sha256 = d.packet_sha256,
                                   .recipient = recipient,
                                   .kind = "recalled",
                                   .by = side.organisation,
                                   .at = w.now()});
}

result<> stop(writer& w, const recall_side& side, const document_row& d, consignment_row& c, transfer_row* t,
              const std::string& proof) {
    w.remove(side.home, reader::unplaced{d.owner, d.id, c.recipient_code});
    c.state_now = state::recalled;
    c.reason.clear();
    c.reason_beyond.clear();
    c.updated_at = w.now();
    w.put(d.owner, c);
    VANTHU_CHECK(w.add_event(d.owner, {.document = d.id,
                                       .recipient = c.recipient_code,
                                       .kind = "recall_withdrawn",
                                       .by = side.organisation,
                                       .proof = proof}));
    if (t) {
        take_out(*t, c.recipient_code);
        if (t->recipients.empty()) {
            t->state_now = state::recalled;
            w.remove_work(side.home, *t);
        }
        w.put(*t);
    }
    VANTHU_CHECK(end_requests(w, side.home, d, c));
    return tell_recalled(w, side, d, c.recipient_code);
}

result<> end_requests(writer& w, const std::string& home, const document_row& d, const consignment_row& c) {
    for (const replaced_row& each : d.replaces) {
        VANTHU_TRY(auto q, asked_by(w, home, d, each.document_id, c));
        if (!q || !is_open(q->stands)) continue;
        q->stands = recall_stand::ended;
        w.put(home, *q);
    }
    return {};
}

bool took_away(const recall_row& q) {
    return q.asks != updates && (q.stands == recall_stand::agreed || q.stands == recall_stand::withdrawn);
}

result<> stop_trying(writer& w, const recall_side& side, const document_row& d, transfer_row& t) {
    std::vector<consignment_row> all;
    for (const std::string& code : t.recipients) {
        VANTHU_TRY(auto c, w.consignment(d.owner, d.id, code));
        if (!c) return {};
        VANTHU_TRY(auto q, w.recall(side.home, d.identity.issuer, d.identity.document_id, c->recipient));
        // Whom an update leaves in its place is not asked to give anything back.
        if (!q || q->document != d.id || q->stands != recall_stand::asked || q->asks == updates) return {};
        if (q->asks == replaces) {
            VANTHU_TRY(bool held, is_held_back(w, *q));
            if (held) return {};
        }
        all.push_back(std::move(*c));
    }
    for (consignment_row& c : all) {
        if (is_final(c.state_now)) continue; // a notice from beyond has told its end
        c.state_now = state::recalled;
        c.reason.clear();
        c.updated_at = w.now();
        w.put(d.owner, c);
    }
    t.state_now = state::recalled;
    w.remove_work(side.home, t);
    w.put(t);
    return {};
}

result<std::vector<transfer_row>> settle(writer& w, const recall_side& side, const document_row& d, transfer_row& t) {
    t.recall_waits = false;
    const bool certainly_not = t.state_now != state::delivered && !t.perhaps_taken;
    std::map<std::pair<std::string, std::string>, std::vector<recall_row>> requests; // by owner and id
    for (const std::string& code : std::vector(t.recipients)) {
        VANTHU_TRY(auto c, w.consignment(d.owner, d.id, code));
        if (!c) continue;
        VANTHU_TRY(auto q, w.recall(side.home, d.identity.issuer, d.identity.document_id, c->recipient));
        if (!q || q->document != d.id) continue;
        // Answered meanwhile, by the answer to an earlier request: what waits goes on all the same.
        if (q->stands != recall_stand::fenced) {
            requests[{q->recall_owner, q->recall}].push_back(std::move(*q));
            continue;
        }
        if (certainly_not) {
            q->stands = recall_stand::withdrawn;
            q->where = side.organisation;
            // One that the hop has refused for good, or whose time is over, keeps that end.
            if (!is_final(c->state_now)) VANTHU_CHECK(stop(w, side, d, *c, &t, q->proof));
            if (q->asks != replaces) VANTHU_CHECK(end_request(w, side, *q, w.now()));
        } else {
            q->stands = recall_stand::asked;
        }
        w.put(side.home, *q);
        requests[{q->recall_owner, q->recall}].push_back(std::move(*q));
    }
    w.put(t);
    if (t.perhaps_taken && !is_final(t.state_now)) VANTHU_CHECK(stop_trying(w, side, d, t));

    std::vector<transfer_row> released;
    for (const auto& [place, decided] : requests) {
        VANTHU_TRY(auto waiting, w.transfer(place.first, place.second, t.node));
        if (!waiting || !waiting->fenced) continue;
        VANTHU_TRY(bool others, waits_for_others(w, side.home, place.first, place.second));
        if (others) continue;
        for (const recall_row& q : decided)
            if (q.stands == recall_stand::withdrawn && q.asks != replaces) take_out(*waiting, q.asked_code);
        waiting->fenced = false;
        waiting->next_attempt_at = w.now();
        if (waiting->recipients.empty()) waiting->state_now = state::recalled;
        w.put(*waiting);
        if (waiting->recipients.empty()) continue;
        w.add_work(side.home, *waiting);
        released.push_back(std::move(*waiting));
    }
    return released;
}

result<std::optional<transfer_row>> release_earlier(writer& w, const recall_side& side, const recall_row& later,
                                                    const std::string& node) {
    VANTHU_TRY(auto earlier, w.recall(side.home, later.issuer, later.target, later.recipient));
    if (!earlier || earlier->recall == later.recall) return std::optional<transfer_row>();
    // Whatever it stands at: it may have been answered, by the answer to one before it, while it waits.
    VANTHU_TRY(auto waiting, w.transfer(earlier->recall_owner, earlier->recall, node));
    if (!waiting || !waiting->fenced) return std::optional<transfer_row>();
    VANTHU_TRY(const bool others, waits_for_others(w, side.home, earlier->recall_owner, earlier->recall, &later));
    if (others) return std::optional<transfer_row>();
    waiting->fenced = false;
    waiting->next_attempt_at = w.now();
    w.put(*waiting);
    w.add_work(side.home, *waiting);
    return waiting;
}

result<> request_failed(writer& w, const recall_side& side, const document_row& request, const std::string& recipient,
                        const std::string& code) {
    std::vector<std::string> targets;
    if (!request.target.empty()) targets.push_back(request.target);
    for (const replaced_row& each : request.replaces) targets.push_back(each.document_id);
    if (targets.empty()) return {};
    VANTHU_TRY(auto asked, w.consignment(request.owner, request.id, recipient));
    if (!asked) return {};
    for (const std::string& target : targets) {
        VANTHU_TRY(auto q, asked_by(w, side.home, request, target, *asked));
        if (!q || !is_open(q->stands)) continue;
        q->stands = recall_stand::ended;
        q->where = side.organisation;
        w.put(side.home, *q);
        if (q->document.empty()) continue;
        VANTHU_TRY(auto document, w.document(q->owner, q->document));
        VANTHU_TRY(auto c, w.consignment(q->owner, q->document, q->code));
        if (!document || !c || c->state_now != state::recalled) continue; // else it was not stopped for this
        c->state_now = state::refused;
        c->reason = code;
        c->updated_at = w.now();
        w.put(q->owner, *c);
        VANTHU_CHECK(w.add_event(q->owner, {.document = q->document,
                                            .recipient = q->code,
                                            .kind = "returned",
                                            .code = code,
                                            .by = side.organisation}));
        if (document->previous_node.empty()) continue;
        VANTHU_CHECK(w.add_notice(side.home, document->previous_node,
                                  notice_row{.packet_sha256 = document->packet_sha256,
                                             .recipient = q->code,
                                             .kind = "returned",
                                             .code = code,
                                             .by = side.organisation,
                                             .at = w.now()}));
    }
    return {};
}

} // namespace vanthu::records
