#include "daemon/intake/decision.hpp"

#include "daemon/base/ids.hpp"
#include "schemas/edxml/json.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace vanthu::intake {

using records::consignment_row;
using records::document_kind;
using records::document_row;
using records::event_row;
using records::state;
using records::transfer_row;

namespace {

digest request_hash(const arrival& a) {
    return a.from->request_sha256 == digest{} ? a.packet->packet_sha256 : a.from->request_sha256;
}

} // namespace

bool asks_for_answer(const records::business_identity& i) {
    return i.business_type >= int(edxml::bussiness_type::recall) &&
           i.business_type <= int(edxml::bussiness_type::replace);
}

routed route_recipient(const registry::registry& r, const std::string& own_node, const std::string& code, timestamp at,
                       const std::string& came_from) {
    routed out;
    out.code = code;
    out.route = r.route(own_node, code, at, came_from);
    out.organisation = out.route.final ? "@" + out.route.final->id : r.canonical(code, at);
    if (out.route.final) out.name = out.route.final->name(at);
    return out;
}

bool is_unplaced(const consignment_row& c) {
    return c.state_now == state::parked && c.hop.empty() && c.reason.starts_with("registry.");
}

bool is_held(const consignment_row& c) {
    return c.state_now == state::parked && c.hop.empty() && c.reason.starts_with("intake.");
}

std::string held_reason_code(const routed& r) { return "registry." + std::string(registry::to_string(r.route.reason)); }

bool may_be_written(const failure& f) {
    return f.code == ledger::errc::write_failed || f.code == ledger::errc::stopped;
}

std::string by_of(const arrival& a) {
    return a.from->source == offer::from::peer      ? a.from->node
           : a.from->source == offer::from::eoffice ? a.from->credential
                                                    : "vanthu";
}

std::string date_text(const edxml::packet_date& d) { return d.value ? edxml::packet_date::of(*d.value).text : d.text; }

document_row row_of(const arrival& a, std::int64_t now) {
    document_row d;
    d.id = new_id(a.at);
    d.packet_sha256 = a.packet->packet_sha256;
    d.content_sha256 = a.packet->content_sha256;
    d.size = a.packet->size;
    d.payload = a.payload.ref.encode();
    d.previous_node = a.from->node;
    d.credential = a.from->credential;
    d.received_at = now;
    d.origin = a.origin;
    d.origin_verdict = a.origin_verdict;
    d.flags = a.flags;
    return d;
}

records::business_identity identity_of(const edxml::document_packet& p, const registry::registry& r, timestamp at) {
    const edxml::document_header& h = p.header;
    records::business_identity i;
    i.issuer = r.canonical(h.from.organ_id, at);
    i.business_type =
        h.bussiness ? edxml::number_of(h.bussiness->doc_type).value_or(int(edxml::bussiness_type::unknown)) : 0;
    i.document_id = h.document_id;
    i.number = h.code.number;
    i.notation = h.code.notation;
    i.date = date_text(h.promulgation.date);
    return i;
}

// An Idempotency-Key seen before answers what it answered first.
result<bool> decision::answered_before(const arrival& a, const std::string& organisation, outcome& out) {
    if (a.from->idempotency_key.empty()) return false;
    VANTHU_TRY(auto row, write_.idempotent(organisation, a.from->credential, a.from->idempotency_key));
    if (!row) return false;
    if (row->request_sha256 != request_hash(a)) return failed(errc::idempotency_conflict);
    VANTHU_CHECK(known_document(row->document, row->body, out)); // body: the owner of the document
    return true;
}

result<> decision::remember_request(const arrival& a, const std::string& organisation, const outcome& out) {
    if (a.from->idempotency_key.empty()) return {};
    records::idempotency_row row;
    row.request_sha256 = request_hash(a);
    row.status = 201;
    row.body = out.document.owner;
    row.document = out.document.id;
    row.at = write_.now();
    write_.put(organisation, a.from->credential, a.from->idempotency_key, row);
    return {};
}

result<> decision::known_document(const std::string& id, const std::string& sender, outcome& out) {
    VANTHU_TRY(auto row, document_of(sender, id));
    if (!row) return failed(records::errc::document_unknown, id);
    out.document = *row;
    VANTHU_TRY(out.consignments, write_.consignments(row->owner, id));
    out.known = true;
    out.log_origin = row->log_origin;
    out.leaf = row->leaf;
    return {};
}

// The very bytes that this peer sent before: the very receipt it got.
result<> decision::known_packet(const records::reader::place& place, outcome& out) {
    VANTHU_CHECK(known_document(place.document, place.owner, out));
    out.log_origin = place.log_origin;
    out.leaf = place.leaf;
    return {};
}

// A known document in an envelope of other bytes (another peer, composed anew): nothing is stored twice, but the peer
// needs a receipt for the packet it sent, or custody never passes.
result<> decision::receipt_for_new_envelope(const arrival& a, document_row envelope, outcome& out) {
    const bool all_local = std::all_of(out.consignments.begin(), out.consignments.end(),
                                       [](const consignment_row& c) { return c.hop == "local"; });
    VANTHU_TRY(out.ticket,
               add_receipt_leaf(a, envelope, all_local ? receipt::role::final_hop : receipt::role::relayed));
    out.log_origin = envelope.log_origin;
    out.leaf = envelope.leaf;
    write_.received(options_.home, a.from->node, envelope.packet_sha256,
                    {out.document.owner, out.document.id, out.log_origin, out.leaf});
    return {};
}

// Under its sender, who submitted it here, or under home, where a peer brought it: who serves the sender may have
// changed since.
result<std::optional<document_row>> decision::document_of(const std::string& sender, const std::string& id) {
    VANTHU_TRY(auto row, write_.document(sender, id));
    if (row || sender == options_.home) return row;
    return write_.document(options_.home, id);
}

result<> decision::add_recipient(const arrival& a, const document_row& d, const routed& r, transfers& to,
                                 outcome& out) {
    consignment_row c;
    c.document = d.id;
    c.recipient_code = r.code;
    const std::string& hold = r.route.kind == registry::route_kind::local ? a.held_here : a.held_onward;
    return place(d, r, a.refused_at_end, hold, std::move(c), to, out);
}

// Where the route leads: into the inbox, to the next hop, or parked.
result<> decision::place(const document_row& d, const routed& r, const std::string& refusal, const std::string& hold,
                         consignment_row c, transfers& to, outcome& out) {
    c.recipient = r.organisation;
    c.recipient_name = r.name;
    c.reason.clear();
    c.updated_at = write_.now();
    c.asked_back = asks_for_answer(d.identity) && !is_replacement(d.identity);
    event_row e{.document = d.id, .recipient = r.code, .by = options_.organisation};

    using registry::route_kind;
    if (r.route.kind != route_kind::held && !hold.empty()) {
        c.hop.clear();
        c.state_now = state::parked;
        c.reason = hold;
        e.kind = "parked";
        e.code = hold;
        VANTHU_CHECK(tell_previous_hop(d, r.code, "parked", hold));
    } else if (r.route.kind == route_kind::local && !refusal.empty()) {
        c.hop = "local";
        c.state_now = state::refused;
        c.reason = refusal;
        e.kind = "refused";
        e.code = refusal;
    } else if (r.route.kind == route_kind::local) {
        records::inbox_row entry;
        entry.organisation = r.organisation;
        entry.owner = d.owner;
        entry.document = d.id;
        entry.kind = d.kind;
        entry.recipient_code = r.code;
        entry.asked_back = asks_for_answer(d.identity);
        VANTHU_TRY(entry, write_.add_inbox(std::move(entry), new_id(from_us(write_.now()))));
        c.hop = "local";
        c.state_now = state::delivered;
        c.inbox_id = entry.id;
        c.inbox_sequence = entry.sequence;
        out.inboxes.push_back(r.organisation);
        e.kind = "kept";
        if (is_replacement(d.identity)) VANTHU_CHECK(before_the_clerk(d, c));
        if (d.kind == document_kind::document && !never_recalled_ &&
            (!asks_for_answer(d.identity) || is_replacement(d.identity)))
            VANTHU_CHECK(cancel_if_recalled(d, r, entry, c, out));
    } else if (r.route.kind == route_kind::held) {
        c.state_now = state::parked;
        c.reason = held_reason_code(r);
        e.kind = "parked";
        e.code = c.reason;
        write_.put(options_.home, records::reader::unplaced{d.owner, d.id, r.code});
        VANTHU_CHECK(tell_previous_hop(d, r.code, "parked", c.reason));
    } else {
        c.hop = r.route.next->id;
        c.state_now = state::waiting;
        transfer_row& t = to[c.hop];
        t.owner = d.owner;
        t.document = d.id;
        t.node = c.hop;
        t.recipients.push_back(r.code);
        t.created_at = t.next_attempt_at = write_.now();
        t.priority = d.priority;
        t.size = d.size;
        if (!d.about.empty()) t.turn = d.about + " " + d.from_code;
        e.kind = "routed";
        e.code = c.hop;
    }
    if (!together_) write_.put(d.owner, c);
    VANTHU_CHECK(write_.add_event(d.owner, std::move(e)));
    if (!r.route.forwarded_from.empty())
        VANTHU_CHECK(write_.add_event(d.owner, event_row{.document = d.id,
                                                         .recipient = r.code,
                                                         .kind = "forwarded_to_successor",
                                                         .code = r.organisation,
                                                         .by = options_.organisation,
                                                         .text = r.route.note_vi}));
    if (d.kind == document_kind::document && !together_)
        write_.occupy(options_.home, r.organisation, d.identity, {d.id, d.content_sha256});
    out.consignments.push_back(std::move(c));
    return {};
}

void decision::write_together(const document_row& d, const std::vector<consignment_row>& all) {
    together_ = false;
    std::vector<std::string> recipients;
    for (const consignment_row& c : all) recipients.push_back(c.recipient);
    write_.put_all(d.owner, all);
    write_.occupy_at_all(options_.home, std::move(recipients), d.identity, {d.id, d.content_sha256});
}

result<> decision::tell_previous_hop(const document_row& d, const std::string& recipient, std::string_view kind,
                                     const std::string& code) {
    if (d.previous_node.empty()) return {};
    return write_.add_notice(options_.home, d.previous_node,
                             records::notice_row{.packet_sha256 = d.packet_sha256,
                                                 .recipient = recipient,
                                                 .kind = std::string(kind),
                                                 .code = code,
                                                 .by = options_.organisation,
                                                 .at = write_.now()});
}

result<> decision::add_transfers(const transfers& to, outcome& out) {
    for (const auto& [node, t] : to) {
        write_.put(t);
        if (t.fenced) continue; // until the document's attempt has ended
        write_.add_work(options_.home, t);
        out.work.push_back(t);
    }
    return {};
}

result<ledger::leaf_ticket> decision::add_receipt_leaf(const arrival& a, document_row& d, receipt::role as) {
    receipt::custody_leaf leaf;
    leaf.as = as;
    leaf.packet_sha256 = d.packet_sha256;
    leaf.content_sha256 = d.content_sha256;
    leaf.identity = {d.identity.issuer,      std::to_string(d.identity.business_type),
                     d.identity.document_id, d.identity.number,
                     d.identity.notation,    d.identity.date};
    std::replace(leaf.identity.date.begin(), leaf.identity.date.end(), '/', '-');
    leaf.from = d.from_code;
    for (const routed& r : a.recipients) leaf.recipients.push_back(r.code);
    if (leaf.recipients.empty()) leaf.recipients = d.to_codes;
    VANTHU_TRY(auto ticket, log_.append(write_.transaction(), leaf));
    d.log_origin = ticket->log_origin();
    d.leaf = ticket->index();
    return ticket;
}

result<> decision::document(arrival& a, outcome& out) {
    const edxml::document_packet& p = *a.packet->document();
    const edxml::document_header& h = p.header;
    const std::string issuer = a.registry->canonical(h.from.organ_id, a.at);
    const bool from_peer = a.from->source == offer::from::peer;

    VANTHU_TRY(bool answered, answered_before(a, issuer, out));
    if (answered) return {};
    if (from_peer) {
        VANTHU_TRY(auto place, write_.received_from(options_.home, a.from->node, a.packet->packet_sha256));
        if (place) return known_packet(*place, out);
    }

    document_row d = row_of(a, write_.now());
    d.owner = a.owner;
    d.identity = identity_of(p, *a.registry, a.at);
    d.from_code = h.from.organ_id;
    d.from_name = h.from.organ_name;
    for (const edxml::organisation& to : h.to) d.to_codes.push_back(to.organ_id);
    d.subject = h.subject;
    d.type_name = h.document_type.type_name;
    if (h.signer) d.signer = h.signer->full_name;
    if (!h.trace.empty() && h.trace.front().timestamp.value) d.sent_at = to_us(*h.trace.front().timestamp.value);
    if (asks_for_answer(d.identity)) {
        d.reason = h.bussiness->doc_reason;
        if (is_replacement(d.identity))
            d.replaces = replaced_by(h);
        else
            d.target = edxml::target_document_id(h);
        if (is_update(d.identity)) note_changes(p, d);
    }
    d.due_date = date_text(h.due_date);
    d.priority = edxml::priority_of(h).value_or(0);
    d.signatures = a.signatures_checked ? std::string(to_string(a.signatures)) : "not_checked";
    d.signature_report = a.signature_report;
    boost::json::array attachments;
    for (const edxml::attachment_info& each : p.attachments) attachments.push_back(edxml::to_json(each));
    d.attachments = boost::json::serialize(attachments);

    VANTHU_CHECK(is_replacement(d.identity) ? check_replace(a, d)
                 : is_update(d.identity)    ? check_update(a, d)
                                            : check_recall(a, d));
    std::vector<routed> fresh;
    std::string known_id;
    VANTHU_TRY(bool any_new, check_identity(a, d, fresh, known_id, d.flags));
    if (!any_new) {
        VANTHU_CHECK(known_document(known_id, issuer, out));
        VANTHU_CHECK(write_.add_event(
            out.document.owner,
            event_row{.document = known_id, .kind = "duplicate", .by = by_of(a), .proof = d.packet_sha256.hex()}));
        if (from_peer) {
            VANTHU_CHECK(receipt_for_new_envelope(a, d, out));
        }
        return remember_request(a, issuer, out);
    }
    if (a.refused_if_new) return fail(*a.refused_if_new);

    VANTHU_CHECK(write_.transaction().adopt(a.payload));
    VANTHU_CHECK(write_.add_event(d.owner, event_row{.document = d.id,
                                                     .kind = "accepted",
                                                     .code = std::string(to_string(a.from->source)),
                                                     .by = by_of(a),
                                                     .proof = d.packet_sha256.hex()}));
    transfers to;
    const bool recalls = is_recall(d.identity), replaces = is_replacement(d.identity);
    const bool updates = is_update(d.identity);
    if (recalls || replaces || updates)
        VANTHU_CHECK(raise_to_recalled(a, d, fresh));
    else if (fresh.size() >= many_recipients) {
        VANTHU_TRY(const bool recalled, write_.is_recalled(options_.home, d.identity.issuer, d.identity.document_id));
        never_recalled_ = !recalled;
        together_ = new_to_all_ && !d.identity.number.empty();
    }
    write_.gather_events();
    for (const routed& r : fresh)
        VANTHU_CHECK(recalls    ? recall_recipient(a, d, r, to, out)
                     : replaces ? replace_recipient(a, d, r, to, out)
                     : updates  ? update_recipient(a, d, r, to, out)
                                : add_recipient(a, d, r, to, out));
    write_.write_gathered_events();
    if (together_) write_together(d, out.consignments);
    VANTHU_CHECK(add_transfers(to, out));

    bool all_local = a.held_here.empty() && std::all_of(fresh.begin(), fresh.end(), [](const routed& r) {
                         return r.route.kind == registry::route_kind::local;
                     });
    VANTHU_TRY(out.ticket, add_receipt_leaf(a, d,
                                            !from_peer  ? receipt::role::accepted
                                            : all_local ? receipt::role::final_hop
                                                        : receipt::role::relayed));
    // The receipt says "relayed" of the whole; for whom it has arrived here is told apart.
    if (from_peer && !all_local && a.refused_at_end.empty() && a.held_here.empty())
        for (const routed& r : fresh)
            if (r.route.kind == registry::route_kind::local) VANTHU_CHECK(tell_previous_hop(d, r.code, "kept", {}));
    write_.put(d);
    write_.index_document(d);
    out.log_origin = d.log_origin;
    out.leaf = d.leaf;
    if (from_peer) write_.received(options_.home, a.from->node, d.packet_sha256, {d.owner, d.id, d.log_origin, d.leaf});
    out.document = std::move(d);
    return remember_request(a, issuer, out);
}

} // namespace vanthu::intake
