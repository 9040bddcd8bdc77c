// What a recall (a packet of type 1) changes, recipient by recipient: contracts 15. The document it speaks of is left
// as it is; what is kept of the recall stands in its own rows.
#include "daemon/intake/decision.hpp"
#include "daemon/records/statuses.hpp"

#include <algorithm>

namespace vanthu::intake {

using records::consignment_row;
using records::document_row;
using records::event_row;
using records::recall_row;
using records::recall_stand;
using records::state;
using records::transfer_row;

namespace {

// A document that was sent later, under the same DocumentId, is not what was meant.
bool sent_before(const document_row& d, std::int64_t recall_sent_at) {
    return d.sent_at == 0 || recall_sent_at == 0 || d.sent_at <= recall_sent_at;
}

// Has the next hop taken it, or may it have?
result<bool> has_left(const records::reader& read, const document_row& d, const consignment_row& c) {
    if (c.hop.empty() || c.hop == "local") return false;
    VANTHU_TRY(auto t, read.transfer(d.owner, d.id, c.hop));
    return t && (t->state_now == state::delivered || t->perhaps_taken);
}

} // namespace

result<> keep_with_document(const records::reader& read, const std::string& home, const std::string& issuer,
                            const std::vector<std::string>& targets, const registry::registry& known,
                            const std::string& own_node, routed& r) {
    if (r.route.kind == registry::route_kind::local || !r.route.final) return {};
    std::string taken_by; // the last found that has left
    for (const std::string& target : targets)
        for (const std::string& owner : {issuer, home}) {
            VANTHU_TRY(auto ids, read.documents_named(owner, issuer, target));
            for (const std::string& id : ids) {
                VANTHU_TRY(auto d, read.document(owner, id));
                if (!d || d->kind != records::document_kind::document || is_recall(d->identity)) continue;
                VANTHU_TRY(auto all, read.consignments(owner, id));
                for (const consignment_row& c : all) {
                    // Of an update only what it brought to those it added is a document.
                    if (records::has_ended(c) || (is_update(d->identity) && c.asked_back)) continue;
                    if (c.recipient != r.organisation && c.recipient_code != r.code) continue;
                    VANTHU_TRY(const bool left, has_left(read, *d, c));
                    if (left) taken_by = c.hop;
                    if (c.hop != "local" || c.inbox_id.empty()) continue;
                    r.route.kind = registry::route_kind::local;
                    r.route.next = known.find_node(own_node);
                    r.organisation = c.recipient; // also where another has taken it over
                    return {};
                }
            }
        }
    if (taken_by.empty()) return {};
    r.route.next = known.find_node(taken_by);
    r.route.kind = r.route.next ? registry::route_kind::hop : registry::route_kind::held;
    r.route.reason = r.route.next ? registry::held_reason::none : registry::held_reason::former_node_gone;
    return {};
}

bool is_recall(const records::business_identity& i) { return i.business_type == int(edxml::bussiness_type::recall); }
bool is_replacement(const records::business_identity& i) {
    return i.business_type == int(edxml::bussiness_type::replace);
}

// The newest document of that DocumentId that went to this recipient.
result<std::optional<decision::spoken>> decision::spoken_of(const arrival& a, const document_row& d,
                                                            const std::string& target, const routed& r) {
    using found = std::optional<spoken>;
    if (target.empty()) return found();
    for (const std::string& owner : {d.identity.issuer, options_.home}) {
        VANTHU_TRY(auto ids, write_.documents_named(owner, d.identity.issuer, target));
        for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
            // A replacement of a replacement speaks also of what that one replaces.
            if (!a.from->speaks_of.second.empty() && d.replaces.empty() && *id != a.from->speaks_of.second) continue;
            VANTHU_TRY(auto of, write_.document(owner, *id));
            if (!of || of->kind != records::document_kind::document || is_recall(of->identity) || of->id == d.id ||
                !sent_before(*of, d.sent_at))
                continue;
            VANTHU_TRY(auto all, write_.consignments(owner, *id));
            for (consignment_row& c : all)
                // Of an update only what it brought to those it added is a document.
                if (is_update(of->identity) && c.asked_back)
                    continue;
                else if (c.recipient == r.organisation || c.recipient_code == r.code || // or its predecessor's
                         a.registry->canonical(c.recipient_code, a.at) == r.organisation)
                    return found({std::move(*of), std::move(c)});
        }
        if (owner == options_.home) break;
    }
    return found();
}

// A recall rides the lane of what it recalls, or a faster one.
result<> decision::raise_to_recalled(const arrival& a, document_row& d, const std::vector<routed>& recipients) {
    std::vector<std::string> targets{d.target};
    for (const records::replaced_row& each : d.replaces) targets.push_back(each.document_id);
    for (const routed& r : recipients)
        for (const std::string& target : targets) {
            VANTHU_TRY(auto of, spoken_of(a, d, target, r));
            if (of) d.priority = std::max(d.priority, of->document.priority);
        }
    return {};
}

// Asked for here, by API: what cannot be taken back is said at once, and nothing is recorded.
result<> decision::check_recall(const arrival& a, const document_row& d) {
    if (a.from->speaks_of.second.empty() || !is_recall(d.identity)) return {};
    for (const routed& r : a.recipients) {
        VANTHU_TRY(auto of, spoken_of(a, d, d.target, r));
        if (!of) return failed(errc::recall_recipient_unknown, r.code);
        const consignment_row& c = of->consignment;
        VANTHU_TRY(auto q, write_.recall(options_.home, d.identity.issuer, d.target, c.recipient));
        const bool of_this = q && q->document == of->document.id;
        if (of_this && records::is_open(q->stands)) return failed(errc::recall_already_asked, r.code);
        if (records::has_ended(c) || (of_this && records::took_away(*q))) return failed(errc::recall_ended, r.code);
    }
    return {};
}

// What is asked of one recipient about one document: the row, not yet written, with the event on the document where it
// is here. Where an earlier request waits for an attempt, its row will be taken and it goes on at once.
result<recall_row> decision::ask(const arrival& a, const document_row& d, edxml::bussiness_type asks,
                                 const std::string& target, const routed& r, const std::optional<spoken>& of,
                                 outcome& out) {
    recall_row q{.asks = int(asks),
                 .issuer = d.identity.issuer,
                 .target = target,
                 .recipient = of ? of->consignment.recipient : r.organisation,
                 .recall_owner = d.owner,
                 .recall = d.id,
                 .asked_code = r.code,
                 .reason = d.reason,
                 .by = d.from_code,
                 .asked_by = by_of(a),
                 .asked_at = write_.now(),
                 .sent_at = d.sent_at,
                 .proof = d.packet_sha256.hex()};
    if (!of) return q;
    const consignment_row& c = of->consignment;
    q.owner = of->document.owner;
    q.document = of->document.id;
    q.code = c.recipient_code;
    VANTHU_CHECK(write_.add_event(q.owner, event_row{.document = q.document,
                                                     .recipient = q.code,
                                                     .kind = asks == edxml::bussiness_type::update    ? "update_asked"
                                                             : asks == edxml::bussiness_type::replace ? "replace_asked"
                                                                                                      : "recall_asked",
                                                     .by = d.from_code,
                                                     .text = d.reason,
                                                     .proof = q.proof}));
    if (c.hop.empty() || c.hop == "local") return q;
    VANTHU_TRY(auto earlier, records::release_earlier(write_, {options_.home, options_.organisation}, q, c.hop));
    if (earlier) out.work.push_back(std::move(*earlier));
    return q;
}

// Was something else asked of the same document after this, and came before it? Its row stays: at the sender too the
// newest has it, and an answer names only the document.
result<bool> decision::is_overtaken(const arrival& a, const document_row& d, const std::optional<spoken>& of,
                                    const std::string& target) {
    if (!of || a.from->source != offer::from::peer || d.sent_at == 0) return false;
    VANTHU_TRY(auto q, write_.recall(options_.home, d.identity.issuer, target, of->consignment.recipient));
    const bool later = q && q->document == of->document.id && q->recall != d.id && q->sent_at > d.sent_at &&
                       q->asks != int(edxml::bussiness_type::update);
    return later && (records::is_open(q->stands) || (is_update(d.identity) && q->stands == recall_stand::denied));
}

// The way the document went, also where the registry knows another one by now.
routed decision::way_of(const arrival& a, const consignment_row& c, const routed& r) {
    routed way = r;
    if (const registry::node* same = a.registry->find_node(c.hop)) {
        way.route.kind = registry::route_kind::hop;
        way.route.next = same;
    }
    return way;
}

// Its inbox entry here, where its eOffice has not taken it over: cancelled. False: it has, or there is none.
result<bool> decision::cancel_unread(const document_row& d, spoken& of) {
    consignment_row& c = of.consignment;
    if (c.hop != "local" || c.inbox_id.empty()) return false;
    VANTHU_TRY(auto entry, write_.inbox_entry(c.recipient, c.inbox_id));
    if (!entry) return false;
    entry->asked_back = true;
    const bool unread = entry->acked_at == 0 && c.last_status != "02";
    if (unread && entry->cancelled_at == 0) {
        entry->cancelled_at = write_.now();
        VANTHU_CHECK(write_.add_event(of.document.owner, event_row{.document = of.document.id,
                                                                   .recipient = c.recipient_code,
                                                                   .kind = "recall_cancelled",
                                                                   .by = options_.organisation,
                                                                   .proof = d.packet_sha256.hex()}));
    }
    write_.put(*entry);
    if (unread) {
        records::ask_back(c);
        write_.put(of.document.owner, c);
    }
    return unread;
}

result<> decision::recall_recipient(const arrival& a, const document_row& d, const routed& r, transfers& to,
                                    outcome& out) {
    VANTHU_TRY(auto of, spoken_of(a, d, d.target, r));
    VANTHU_TRY(const bool overtaken, is_overtaken(a, d, of, d.target));
    if (overtaken) {
        VANTHU_TRY(const bool cancelled, cancel_unread(d, *of));
        if (!cancelled) return add_recipient(a, d, way_of(a, of->consignment, r), to, out);
        VANTHU_TRY(auto later, write_.recall(options_.home, d.identity.issuer, d.target, of->consignment.recipient));
        return close_request(d, r, std::move(*later), "recall_cancelled", out);
    }
    VANTHU_TRY(recall_row q, ask(a, d, edxml::bussiness_type::recall, d.target, r, of, out));
    const bool local = r.route.kind == registry::route_kind::local;
    if (!of) {
        // Overtaken by its recall, or gone another way: where it ends, whatever comes is cancelled. What is asked for
        // here and was never sent from here is another matter: the recipient's clerk looks.
        if (!local || d.target.empty() || a.from->source != offer::from::peer) return add_recipient(a, d, r, to, out);
        return close_request(d, r, q, "recall_first", out);
    }
    document_row& document = of->document;
    consignment_row& c = of->consignment;
    records::ask_back(c);
    write_.put(document.owner, c);
    VANTHU_TRY(const bool cancelled, cancel_unread(d, *of));
    if (cancelled) return close_request(d, r, q, "recall_cancelled", out);
    std::optional<transfer_row> t;
    if (!c.hop.empty() && c.hop != "local") {
        VANTHU_TRY(t, write_.transfer(document.owner, document.id, c.hop));
    }
    const records::recall_side side{options_.home, options_.organisation};
    const records::stopping may = records::can_stop(c, t ? &*t : nullptr);
    if (may == records::stopping::at_once) {
        VANTHU_CHECK(records::stop(write_, side, document, c, t ? &*t : nullptr, q.proof));
        q.stands = recall_stand::withdrawn;
        q.where = options_.organisation;
        return close_request(d, r, q, "recall_withdrawn", out);
    }
    if (records::has_ended(c) ||
        (c.hop == "local" && c.inbox_id.empty())) { // refused, returned, expired, taken back before
        q.stands = c.state_now == state::recalled ? recall_stand::withdrawn : recall_stand::ended;
        q.where = options_.organisation;
        VANTHU_TRY(auto before, write_.recall(options_.home, q.issuer, q.target, q.recipient));
        if (before && before->document == q.document && before->stands == recall_stand::agreed)
            q.stands = recall_stand::agreed;
        return close_request(d, r, q, "recall_needless", out);
    }
    if (c.hop == "local") {
        q.stands = recall_stand::before_clerk;
        write_.put(options_.home, q);
        return add_recipient(a, d, r, to, out);
    }
    // It has gone on, or may have: the recall goes the same way.
    q.stands = may == records::stopping::after_the_attempt ? recall_stand::fenced : recall_stand::asked;
    write_.put(options_.home, q);
    VANTHU_CHECK(add_recipient(a, d, way_of(a, c, r), to, out));
    if (q.stands == recall_stand::fenced) {
        t->recall_waits = true;
        write_.put(*t);
        if (auto mine = to.find(c.hop); mine != to.end()) mine->second.fenced = true;
    } else if (t && !records::is_final(t->state_now)) {
        VANTHU_CHECK(records::stop_trying(write_, side, document, *t));
    }
    return {};
}

// The recall has done its work here for this recipient; `kind`: by which event. Nobody beyond is asked.
result<> decision::close_request(const document_row& d, const routed& r, recall_row q, const std::string& kind,
                                 outcome& out) {
    const bool answers = kind == "recall_first" || kind == "recall_cancelled";
    consignment_row c;
    c.document = d.id;
    c.recipient_code = r.code;
    c.recipient = r.organisation;
    c.recipient_name = r.name;
    c.hop = "local";
    c.asked_back = true;
    c.state_now = answers ? state::delivered : state::recalled;
    c.updated_at = write_.now();
    write_.put(d.owner, c);
    VANTHU_CHECK(write_.add_event(
        d.owner,
        event_row{.document = d.id, .recipient = r.code, .kind = kind, .by = options_.organisation, .proof = q.proof}));
    write_.occupy(options_.home, r.organisation, d.identity, {d.id, d.content_sha256});
    if (is_update(d.identity)) out.cancelled.push_back(r.code); // no 01: it has no entry
    if (answers)
        out.answers.push_back(r.code); // 15, which finds the row and closes it
    else
        VANTHU_CHECK(records::tell_recalled(write_, {options_.home, options_.organisation}, d, r.code));
    write_.put(options_.home, q);
    out.consignments.push_back(std::move(c));
    return {};
}

// A document whose recall came first: it gets its entry, cancelled, as if they had come in order.
result<> decision::cancel_if_recalled(const document_row& d, const routed& r, records::inbox_row& entry,
                                      consignment_row& c, outcome& out) {
    VANTHU_TRY(auto q, write_.recall(options_.home, d.identity.issuer, d.identity.document_id, r.organisation));
    if (q && q->recall == d.id) return {}; // a replacement under the same DocumentId: not its own to cancel
    const bool update = q && q->asks == int(edxml::bussiness_type::update);
    const bool waits = q && (update || q->stands == recall_stand::before_clerk);
    if (!q || (q->stands != recall_stand::agreed && !waits) || !q->document.empty() || !sent_before(d, q->sent_at))
        return {};
    q->owner = d.owner;
    q->document = d.id;
    q->code = r.code;
    write_.put(options_.home, *q);
    if (!update) records::ask_back(c);
    entry.asked_back = true;
    write_.put(entry);
    if (waits) return {}; // also a replacement that speaks of others too
    VANTHU_TRY(auto request, write_.consignment(q->recall_owner, q->recall, q->asked_code));
    const bool replaced = q->asks == int(edxml::bussiness_type::replace);
    entry.cancelled_at = write_.now();
    if (replaced && request) entry.replaced_by = request->inbox_id;
    write_.put(entry);
    records::add_status(c, "15",
                        !request   ? q->answered_at
                        : replaced ? request->answer_time
                                   : request->last_status_time);
    out.cancelled.push_back(r.code);
    return write_.add_event(d.owner, event_row{.document = d.id,
                                               .recipient = r.code,
                                               .kind = replaced ? "replace_cancelled" : "recall_cancelled",
                                               .by = options_.organisation,
                                               .proof = q->proof});
}

// The document has ended by itself (02): nothing is left to take back, or to update.
result<> decision::recall_needless(const document_row& d, const consignment_row& mine) {
    VANTHU_CHECK(records::end_requests(write_, options_.home, d, mine));
    if (asks_for_answer(d.identity) && !is_replacement(d.identity)) return {};
    VANTHU_TRY(auto q, write_.recall(options_.home, d.identity.issuer, d.identity.document_id, mine.recipient));
    if (!q || q->document != d.id || !records::is_open(q->stands)) return {};
    q->stands = recall_stand::ended;
    q->where = mine.recipient_code;
    write_.put(options_.home, *q);
    return {};
}

} // namespace vanthu::intake
