#include "daemon/intake/arrival.hpp"

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

std::string by_of(const arrival& a) {
    return a.from->source == offer::from::peer      ? a.from->node
           : a.from->source == offer::from::eoffice ? a.from->credential
                                                    : "vanthu";
}

// Is this the recipient that speaks? It may have been addressed by an old code, or be the successor of who was.
bool is_party(const arrival& a, const consignment_row& c, const std::string& party) {
    return c.recipient == party || a.registry->canonical(c.recipient_code, a.at) == party;
}

std::string date_text(const edxml::packet_date& d) { return d.value ? edxml::packet_date::of(*d.value).text : d.text; }

} // namespace

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

std::map<std::string, std::string> status_fields(const edxml::status_packet& s) {
    return {{"from", s.from.organ_id},
            {"response_for_organ_id", s.response_for.organ_id},
            {"response_for_code", s.response_for.code},
            {"response_for_date", date_text(s.response_for.promulgation_date)},
            {"response_for_document_id", s.response_for.document_id},
            {"status_code", s.status_code},
            {"description", s.description},
            {"timestamp", s.timestamp.text}};
}

// An Idempotency-Key seen before answers what it answered first.
result<bool> decision::answered_before(const arrival& a, const std::string& organisation, outcome& out) {
    if (a.from->idempotency_key.empty()) return false;
    VANTHU_TRY(auto row, write_.idempotent(organisation, a.from->credential, a.from->idempotency_key));
    if (!row) return false;
    if (row->request_sha256 != request_hash(a)) return failed(errc::idempotency_conflict);
    VANTHU_CHECK(known_document(row->body, row->document, out)); // body: the owner of the document
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

result<> decision::known_document(const std::string& owner, const std::string& id, outcome& out) {
    VANTHU_TRY(auto row, write_.document(owner, id));
    if (!row) return failed(records::errc::document_unknown, id);
    out.document = *row;
    VANTHU_TRY(out.consignments, write_.consignments(owner, id));
    out.known = true;
    out.log_origin = row->log_origin;
    out.leaf = row->leaf;
    return {};
}

// The very bytes that this peer sent before: the very receipt it got.
result<> decision::known_packet(const records::reader::place& place, outcome& out) {
    VANTHU_CHECK(known_document(place.owner, place.document, out));
    out.log_origin = place.log_origin;
    out.leaf = place.leaf;
    return {};
}

// A known document in an envelope of other bytes (another peer, composed anew): nothing is stored twice, but the peer
// needs a receipt for the packet it sent, or custody never passes.
result<> decision::receipt_for_new_envelope(const arrival& a, document_row envelope, outcome& out) {
    const bool all_local = std::all_of(out.consignments.begin(), out.consignments.end(),
                                       [](const consignment_row& c) { return c.hop == "local"; });
    VANTHU_CHECK(add_receipt_leaf(a, envelope, all_local ? receipt::role::final_hop : receipt::role::relayed));
    out.log_origin = envelope.log_origin;
    out.leaf = envelope.leaf;
    write_.received(options_.home, a.from->node, envelope.packet_sha256,
                    {out.document.owner, out.document.id, out.log_origin, out.leaf});
    return {};
}

result<bool> decision::ended_undelivered(const std::string& owner, const std::string& document,
                                         const std::string& recipient) {
    VANTHU_TRY(auto here, write_.document(owner, document));
    VANTHU_TRY(auto earlier, write_.consignments(here ? owner : options_.home, document));
    for (const consignment_row& c : earlier)
        if (c.recipient == recipient)
            return c.state_now == state::refused || c.state_now == state::expired || c.state_now == state::recalled;
    return false;
}

// Contracts 1: which recipients are new, which have this very document already, and what a clerk should be told.
result<bool> decision::check_identity(const arrival& a, const document_row& d, std::vector<routed>& fresh,
                                      std::string& known_id, std::vector<std::string>& flags) {
    for (const routed& r : a.recipients) {
        VANTHU_TRY(auto same, write_.occupied(options_.home, r.organisation, d.identity));
        if (same && same->content_sha256 == d.content_sha256) {
            // What came back undelivered may be sent again as it is; anything else gets the first answer.
            VANTHU_TRY(bool came_back, ended_undelivered(d.owner, same->document, r.organisation));
            if (!came_back) {
                known_id = same->document;
                continue;
            }
        }
        VANTHU_TRY(auto number, write_.occupied_number(options_.home, r.organisation, d.identity));
        const auto& other = same ? same : number;
        if (other && other->content_sha256 != d.content_sha256) {
            // A refused document may be sent again under its number, corrected.
            VANTHU_TRY(auto place, write_.document(d.owner, other->document));
            bool refused = false;
            if (place) {
                VANTHU_TRY(auto earlier, write_.consignments(place->owner, place->id));
                for (const consignment_row& c : earlier)
                    refused |=
                        c.recipient == r.organisation && (c.last_status == "02" || c.state_now == state::refused);
            }
            if (!refused) {
                if (a.from->source == offer::from::eoffice) return failed(errc::number_reused, other->document);
                flags.push_back("number_reused");
            }
        } else if (other) {
            flags.push_back("same_content_new_envelope");
        }
        fresh.push_back(r);
    }
    std::sort(flags.begin(), flags.end());
    flags.erase(std::unique(flags.begin(), flags.end()), flags.end());
    return !fresh.empty();
}

result<> decision::add_recipient(const arrival& a, const document_row& d, const routed& r,
                                 std::map<std::string, transfer_row>& transfers, outcome& out) {
    consignment_row c;
    c.document = d.id;
    c.recipient_code = r.code;
    c.recipient = r.organisation;
    c.recipient_name = r.name;
    c.updated_at = write_.now();
    event_row e{.document = d.id, .recipient = r.code, .by = options_.organisation};

    using registry::route_kind;
    if (r.route.kind == route_kind::local && !a.refused_at_end.empty()) {
        c.hop = "local";
        c.state_now = state::refused;
        c.reason = a.refused_at_end;
        e.kind = "refused";
        e.code = a.refused_at_end;
    } else if (r.route.kind == route_kind::local) {
        records::inbox_row entry;
        entry.organisation = r.organisation;
        entry.owner = d.owner;
        entry.document = d.id;
        entry.kind = d.kind;
        entry.recipient_code = r.code;
        VANTHU_TRY(entry, write_.add_inbox(std::move(entry), new_id(a.at)));
        c.hop = "local";
        c.state_now = state::delivered;
        c.inbox_id = entry.id;
        c.inbox_sequence = entry.sequence;
        out.inboxes.push_back(r.organisation);
        e.kind = "kept";
    } else if (r.route.kind == route_kind::held) {
        c.state_now = state::parked;
        c.reason = "registry." + std::string(registry::to_string(r.route.reason));
        e.kind = "parked";
        e.code = c.reason;
        if (!d.previous_node.empty()) {
            records::notice_row n{.packet_sha256 = d.packet_sha256,
                                  .recipient = r.code,
                                  .kind = "parked",
                                  .code = c.reason,
                                  .by = options_.organisation,
                                  .at = write_.now()};
            VANTHU_CHECK(write_.add_notice(options_.home, d.previous_node, std::move(n)));
        }
    } else {
        c.hop = r.route.next->id;
        c.state_now = state::waiting;
        transfer_row& t = transfers[c.hop];
        t.owner = d.owner;
        t.document = d.id;
        t.node = c.hop;
        t.recipients.push_back(r.code);
        t.created_at = t.next_attempt_at = write_.now();
        t.priority = d.priority;
        e.kind = "routed";
        e.code = c.hop;
    }
    write_.put(d.owner, c);
    VANTHU_CHECK(write_.add_event(d.owner, std::move(e)));
    if (!r.route.forwarded_from.empty())
        VANTHU_CHECK(write_.add_event(d.owner, event_row{.document = d.id,
                                                         .recipient = r.code,
                                                         .kind = "forwarded_to_successor",
                                                         .code = r.organisation,
                                                         .by = options_.organisation,
                                                         .text = r.route.note_vi}));
    if (d.kind == document_kind::document)
        write_.occupy(options_.home, r.organisation, d.identity, {d.id, d.content_sha256});
    out.consignments.push_back(std::move(c));
    return {};
}

result<> decision::add_transfers(std::map<std::string, transfer_row>& transfers, outcome& out) {
    for (auto& [node, t] : transfers) {
        write_.put(t);
        write_.add_work(options_.home, t);
        out.work.push_back(t);
    }
    return {};
}

result<> decision::add_receipt_leaf(const arrival& a, document_row& d, receipt::role as) {
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
    leaf.hop_organisation = options_.organisation;
    leaf.hop_time = from_us(d.received_at);
    leaf.salt = receipt::new_salt();
    VANTHU_TRY(auto ticket, log_.append(write_.transaction(), leaf));
    d.log_origin = ticket->log_origin();
    d.leaf = ticket->index();
    return {};
}

namespace {
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
} // namespace

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
    d.owner = from_peer ? options_.home : issuer;
    d.identity = identity_of(p, *a.registry, a.at);
    d.from_code = h.from.organ_id;
    d.from_name = h.from.organ_name;
    for (const edxml::organisation& to : h.to) d.to_codes.push_back(to.organ_id);
    d.subject = h.subject;
    d.type_name = h.document_type.type_name;
    if (h.signer) d.signer = h.signer->full_name;
    d.due_date = date_text(h.due_date);
    d.priority = edxml::priority_of(h).value_or(0);
    d.signatures = a.signatures_checked ? std::string(to_string(a.signatures)) : "not_checked";
    d.signature_report = a.signature_report;
    boost::json::array attachments;
    for (const edxml::attachment_info& each : p.attachments) attachments.push_back(edxml::to_json(each));
    d.attachments = boost::json::serialize(attachments);

    std::vector<routed> fresh;
    std::string known_id;
    VANTHU_TRY(bool any_new, check_identity(a, d, fresh, known_id, d.flags));
    if (!any_new) {
        VANTHU_TRY(auto earlier, write_.document(d.owner, known_id));
        VANTHU_CHECK(known_document(earlier ? d.owner : options_.home, known_id, out));
        VANTHU_CHECK(write_.add_event(
            out.document.owner,
            event_row{.document = known_id, .kind = "duplicate", .by = by_of(a), .proof = d.packet_sha256.hex()}));
        if (from_peer) {
            VANTHU_CHECK(receipt_for_new_envelope(a, d, out));
        }
        return remember_request(a, issuer, out);
    }

    VANTHU_CHECK(write_.transaction().adopt(a.payload));
    VANTHU_CHECK(write_.add_event(d.owner, event_row{.document = d.id,
                                                     .kind = "accepted",
                                                     .code = std::string(to_string(a.from->source)),
                                                     .by = by_of(a),
                                                     .proof = d.packet_sha256.hex()}));
    std::map<std::string, transfer_row> transfers;
    for (const routed& r : fresh) VANTHU_CHECK(add_recipient(a, d, r, transfers, out));
    VANTHU_CHECK(add_transfers(transfers, out));

    bool all_local = std::all_of(fresh.begin(), fresh.end(),
                                 [](const routed& r) { return r.route.kind == registry::route_kind::local; });
    VANTHU_CHECK(add_receipt_leaf(a, d,
                                  !from_peer  ? receipt::role::accepted
                                  : all_local ? receipt::role::final_hop
                                              : receipt::role::relayed));
    // The receipt says "relayed" of the whole; for whom it has arrived here is told apart.
    if (from_peer && !all_local && a.refused_at_end.empty())
        for (const routed& r : fresh)
            if (r.route.kind == registry::route_kind::local)
                VANTHU_CHECK(write_.add_notice(options_.home, d.previous_node,
                                               records::notice_row{.packet_sha256 = d.packet_sha256,
                                                                   .recipient = r.code,
                                                                   .kind = "kept",
                                                                   .by = options_.organisation,
                                                                   .at = write_.now()}));
    write_.put(d);
    write_.index_document(d);
    out.log_origin = d.log_origin;
    out.leaf = d.leaf;
    if (from_peer) write_.received(options_.home, a.from->node, d.packet_sha256, {d.owner, d.id, d.log_origin, d.leaf});
    out.document = std::move(d);
    return remember_request(a, issuer, out);
}

result<> decision::status(arrival& a, outcome& out) {
    const edxml::status_packet& s = *a.packet->status();
    const std::string reporter = a.registry->canonical(s.from.organ_id, a.at);
    const bool from_peer = a.from->source == offer::from::peer;
    // 13 is written by the sender of the document; every other code by a receiver.
    const bool by_sender = s.status_code == "13";
    const std::string issuer = by_sender ? reporter : a.registry->canonical(s.response_for.organ_id, a.at);

    if (from_peer) {
        VANTHU_TRY(auto place, write_.received_from(options_.home, a.from->node, a.packet->packet_sha256));
        if (place) return known_packet(*place, out);
    }
    document_row d = row_of(a, write_.now());
    d.kind = document_kind::status;
    d.owner = from_peer ? options_.home : reporter;
    d.from_code = s.from.organ_id;
    d.from_name = s.from.organ_name;
    d.to_codes = {s.response_for.organ_id};
    d.status_code = s.status_code;
    d.status_description = s.description;
    d.status_time = s.timestamp.value ? to_us(*s.timestamp.value) : 0;
    d.signatures = "not_checked";
    std::size_t slash = s.response_for.code.find('/');
    d.identity.issuer = issuer;
    d.identity.business_type = 1000; // statuses have identities of their own
    d.identity.document_id = s.response_for.document_id;
    d.identity.number = s.response_for.code.substr(0, slash);
    d.identity.notation = slash == std::string::npos ? "" : s.response_for.code.substr(slash + 1);
    d.identity.date = date_text(s.response_for.promulgation_date);
    d.subject = s.response_for.code;

    // The same status twice (another hop, a retry of the eOffice): the first answer again.
    sha256 fields;
    for (const auto& [name, value] : status_fields(s)) fields.update(name).update("\n").update(value).update("\n");
    d.content_sha256 = fields.finish();
    records::business_identity once{.issuer = reporter, .business_type = 1000, .document_id = d.content_sha256.hex()};
    VANTHU_TRY(auto seen, write_.occupied(options_.home, "status", once));
    if (seen) {
        VANTHU_TRY(auto own, write_.document(d.owner, seen->document));
        VANTHU_CHECK(known_document(own ? d.owner : options_.home, seen->document, out));
        if (from_peer) {
            VANTHU_CHECK(receipt_for_new_envelope(a, d, out));
        }
        return {};
    }

    // Which document does it speak of? A daemon that issued it keeps it under the issuer, one that carried it under
    // home. Of several with the same DocumentId it is the newest that was addressed to this party.
    const std::string party = by_sender ? a.registry->canonical(s.response_for.organ_id, a.at) : reporter;
    std::optional<records::reader::place> about;
    for (const std::string& owner : {issuer, options_.home}) {
        VANTHU_TRY(auto ids, write_.documents_named(owner, issuer, d.identity.document_id));
        if (ids.empty() && !d.identity.number.empty()) {
            VANTHU_TRY(ids, write_.documents_numbered(owner, issuer, d.identity.number, d.identity.notation,
                                                      d.identity.date.substr(0, 4)));
        }
        for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
            VANTHU_TRY(auto consignments, write_.consignments(owner, *id));
            const bool addressed = std::any_of(consignments.begin(), consignments.end(),
                                               [&](const consignment_row& c) { return is_party(a, c, party); });
            if (addressed || !about) about = records::reader::place{owner, *id};
            if (addressed) break;
        }
        if (about) break;
    }

    VANTHU_CHECK(write_.transaction().adopt(a.payload));
    std::map<std::string, transfer_row> transfers;
    routed target;
    target.code = s.response_for.organ_id;
    target.route = a.registry->route(options_.node, target.code, a.at);
    target.organisation = target.route.final ? a.registry->canonical(target.code, a.at) : target.code;
    if (target.route.final) {
        target.name = target.route.final->name(a.at);
        target.organisation = "@" + target.route.final->id;
    }
    if (about) {
        VANTHU_CHECK(apply_status(a, d, *about));
        // Back along the way the document came, also where the registry knows another one by now.
        VANTHU_TRY(auto original, write_.document(about->owner, about->document));
        if (!by_sender && original && !original->previous_node.empty())
            if (const registry::node* back = a.registry->find_node(original->previous_node)) {
                target.route.kind = registry::route_kind::hop;
                target.route.next = back;
            }
    }
    a.recipients = {target};
    VANTHU_CHECK(write_.add_event(d.owner, event_row{.document = d.id,
                                                     .kind = "accepted",
                                                     .code = std::string(to_string(a.from->source)),
                                                     .by = by_of(a),
                                                     .proof = d.packet_sha256.hex()}));
    a.refused_at_end.clear();
    VANTHU_CHECK(add_recipient(a, d, target, transfers, out));
    VANTHU_CHECK(add_transfers(transfers, out));
    bool local = target.route.kind == registry::route_kind::local;
    VANTHU_CHECK(add_receipt_leaf(a, d,
                                  !from_peer ? receipt::role::accepted
                                  : local    ? receipt::role::final_hop
                                             : receipt::role::relayed));
    write_.put(d);
    write_.occupy(options_.home, "status", once, {d.id, d.content_sha256});
    out.log_origin = d.log_origin;
    out.leaf = d.leaf;
    if (from_peer) write_.received(options_.home, a.from->node, d.packet_sha256, {d.owner, d.id, d.log_origin, d.leaf});
    out.document = std::move(d);
    return {};
}

// Puts the status on the ladder of the document it speaks of. Late, repeated and unknown codes are kept; only the shown
// "last status" has an order.
result<> decision::apply_status(const arrival& a, document_row& status, const records::reader::place& about) {
    const edxml::status_packet& s = *a.packet->status();
    status.about = about.document;
    const bool by_sender = s.status_code == "13";
    const std::string party = a.registry->canonical(by_sender ? s.response_for.organ_id : s.from.organ_id, a.at);
    VANTHU_TRY(auto all, write_.consignments(about.owner, about.document));
    consignment_row* mine = nullptr;
    for (consignment_row& c : all) {
        if (is_party(a, c, party)) mine = &c;
    }
    event_row e{.document = about.document,
                .recipient = mine ? mine->recipient_code : "",
                .kind = "status",
                .code = s.status_code,
                .by = s.from.organ_id,
                .text = s.description,
                .proof = status.packet_sha256.hex(),
                .claimed_at = status.status_time};
    if (!mine) {
        e.kind = "status_from_stranger"; // on record, but it moves nothing
        status.flags.push_back("status_from_stranger");
        return write_.add_event(about.owner, std::move(e));
    }
    if (records::status_advances(mine->last_status, mine->last_status_time, s.status_code, status.status_time)) {
        mine->last_status = s.status_code;
        mine->last_status_time = status.status_time;
    }
    mine->updated_at = write_.now();
    write_.put(about.owner, *mine);
    return write_.add_event(about.owner, std::move(e));
}

} // namespace vanthu::intake
