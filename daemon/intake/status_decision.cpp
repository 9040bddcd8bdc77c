// What a status changes: it finds the document it speaks of and moves that document's ladder.
#include "daemon/base/ids.hpp"
#include "daemon/intake/answers.hpp"
#include "daemon/intake/decision.hpp"
#include "daemon/records/statuses.hpp"

#include <algorithm>
#include <limits>

namespace vanthu::intake {

using records::consignment_row;
using records::document_kind;
using records::document_row;
using records::event_row;

namespace {

// Is this the recipient that speaks? It may have been addressed by an old code, or be the successor of who was.
bool is_party(const arrival& a, const consignment_row& c, const std::string& party) {
    return c.recipient == party || a.registry->canonical(c.recipient_code, a.at) == party;
}

errc refusal_of(records::status_fault fault) {
    switch (fault) {
    case records::status_fault::answer_without_request:
        return errc::answer_without_request;
    case records::status_fault::refusal_after_acceptance:
        return errc::refusal_after_acceptance;
    case records::status_fault::after_the_end:
    case records::status_fault::none:
        break;
    }
    return errc::status_after_end;
}

// Of several documents under one DocumentId: a recall and what it recalls have the same.
bool fits(const document_row& status, const document_row& d, const consignment_row& c) {
    const std::string& code = status.status_code;
    const bool asks_back = asks_for_answer(d.identity);
    if (code == "15" || code == "16") return false; // decision::request_by_time() has found none
    if (code == "01") return std::ranges::find(c.statuses, code, &records::status_seen::code) == c.statuses.end();
    // A replacement is a document too, but what was said before it was sent speaks of what it replaces.
    if (is_replacement(d.identity)) return !status.status_time || !d.sent_at || d.sent_at <= status.status_time;
    return !asks_back;
}

// What the 01 of an inbox entry occupies among the statuses: there is one, whoever sent it and in whatever words.
records::business_identity arrival_of(const records::inbox_row& e) {
    return {.issuer = e.organisation, .business_type = 1000, .document_id = "arrival " + e.id};
}

} // namespace

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
    d.owner = a.owner;
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

    // The same status twice (another hop, a retry of the eOffice): the first answer again. Two documents of one
    // identity have each their own where it is known which is meant.
    sha256 fields;
    for (const auto& [name, value] : status_fields(s)) fields.update(name).update("\n").update(value).update("\n");
    d.content_sha256 = fields.finish();
    records::business_identity once{.issuer = reporter, .business_type = 1000, .document_id = d.content_sha256.hex()};
    if (!a.from->about.second.empty()) once.document_id += " about " + a.from->about.second;
    const std::string party = by_sender ? a.registry->canonical(s.response_for.organ_id, a.at) : reporter;
    VANTHU_TRY(auto seen, write_.occupied(options_.home, "status", once));
    if (seen) {
        VANTHU_CHECK(known_document(seen->document, reporter, out));
        if (from_peer) return receipt_for_new_envelope(a, d, out);
        // Sent on commit, in the same second: still nobody had fetched it.
        VANTHU_TRY(auto original, document_of(issuer, out.document.about));
        if (!original || by_sender) return {};
        std::optional<records::reader::place> about{{original->owner, original->id, {}, 0}};
        VANTHU_TRY(auto entry, entry_of(a, party, about));
        return entry ? take_over(a, *entry, *about) : result<>();
    }

    VANTHU_TRY(auto about, subject_of(a, d, party));
    std::optional<records::inbox_row> entry;
    if (about && !from_peer && !by_sender) {
        VANTHU_TRY(entry, entry_of(a, party, about));
    }
    // Cancelled before its eOffice had it: the sender has been told so (contracts 15).
    if (entry && a.from->from_inbox && entry->cancelled_at && entry->acked_at == 0)
        return failed(errc::entry_recalled, entry->id);
    // Nor does an answer count for a request that whoever gave it has not seen.
    if (entry && !a.from->about.second.empty())
        if (const auto named = request_named_in(d.status_description)) {
            VANTHU_TRY(auto on, write_.document(entry->owner, entry->document));
            VANTHU_TRY(auto mine, write_.consignment(entry->owner, entry->document, entry->recipient_code));
            std::optional<document_row> request;
            if (on && mine) {
                VANTHU_TRY(request, request_answered(write_, options_.home, *on, *mine));
            }
            if (!request || !named->is(*request)) return failed(errc::request_changed, entry->id);
        }
    if (entry && s.status_code == "01") {
        VANTHU_TRY(bool before, arrived_before(a, reporter, *entry, *about, out));
        if (before) return {};
    } else if (entry && a.arrival_before) {
        VANTHU_CHECK(arrive_first(a, out));
        d.id = new_id(a.at); // ids are in the order of what happened
    }

    VANTHU_CHECK(write_.transaction().adopt(a.payload));
    transfers to;
    routed target = route_recipient(*a.registry, options_.node, s.response_for.organ_id, a.at, {});
    if (about) {
        VANTHU_CHECK(apply_status(a, d, *about));
        if (entry) VANTHU_CHECK(take_over(a, *entry, *about));
        // Back along the way the document came, also where the registry knows another one by now.
        VANTHU_TRY(auto original, write_.document_alone(about->owner, about->document));
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
    VANTHU_CHECK(add_recipient(a, d, target, to, out));
    VANTHU_CHECK(add_transfers(to, out));
    bool local = target.route.kind == registry::route_kind::local;
    VANTHU_TRY(out.ticket, add_receipt_leaf(a, d,
                                            !from_peer ? receipt::role::accepted
                                            : local    ? receipt::role::final_hop
                                                       : receipt::role::relayed));
    write_.put(d);
    write_.occupy(options_.home, "status", once, {d.id, d.content_sha256});
    if (entry && s.status_code == "01")
        write_.occupy(options_.home, "status", arrival_of(*entry), {d.id, d.content_sha256});
    out.log_origin = d.log_origin;
    out.leaf = d.leaf;
    if (from_peer) write_.received(options_.home, a.from->node, d.packet_sha256, {d.owner, d.id, d.log_origin, d.leaf});
    out.document = std::move(d);
    return {};
}

// What of a document is this party's. Mostly it speaks under the code that it was addressed by: then nobody else's is
// read, so that each of the statuses of a document to thousands costs what one recipient costs.
result<std::vector<consignment_row>> decision::consignments_of(const arrival& a, const std::string& owner,
                                                               const std::string& document, const std::string& party) {
    const edxml::status_packet& s = *a.packet->status();
    const std::string& code = s.status_code == "13" ? s.response_for.organ_id : s.from.organ_id;
    VANTHU_TRY(auto mine, write_.consignment(owner, document, code));
    std::vector<consignment_row> out;
    if (mine && is_party(a, *mine, party)) {
        out.push_back(std::move(*mine));
        return out;
    }
    VANTHU_TRY(out, write_.consignments(owner, document));
    std::erase_if(out, [&](const consignment_row& c) { return !is_party(a, c, party); });
    return out;
}

// By its DocumentId, or where there is none of that by its number: oldest first.
result<std::vector<std::string>> decision::documents_meant(const std::string& owner,
                                                           const records::business_identity& i) {
    VANTHU_TRY(auto ids, write_.documents_named(owner, i.issuer, i.document_id));
    if (ids.empty() && !i.number.empty()) {
        VANTHU_TRY(ids, write_.documents_numbered(owner, i.issuer, i.number, i.notation, i.date.substr(0, 4)));
    }
    return ids;
}

// Which document does it speak of? A daemon that issued it keeps it under the issuer, one that carried it under home.
// Of several with the same DocumentId it is the newest that was addressed to this party and that the code fits.
result<std::optional<records::reader::place>> decision::subject_of(const arrival& a, const document_row& status,
                                                                   const std::string& party) {
    using found = std::optional<records::reader::place>;
    if (!a.from->about.second.empty()) return found({a.from->about.first, a.from->about.second, {}, 0});
    const records::business_identity& i = status.identity;
    if (status.status_code == "15" || status.status_code == "16") {
        VANTHU_TRY(auto named, request_named(a, status, party));
        if (named) return named;
        // To a replacement our own answers name what it replaces (docs/statuses.md).
        VANTHU_TRY(auto q, write_.recall(options_.home, i.issuer, i.document_id, party));
        if (q && q->asks == int(edxml::bussiness_type::replace) && !q->document.empty())
            return found({q->owner, q->document, {}, 0});
        VANTHU_TRY(auto newest, request_by_time(a, status, party));
        if (newest) return newest;
    }
    // A recall comes to an eOffice that has the document: the first 01 is of that.
    auto is_request = [&](const document_row& d) {
        return status.status_code == "01" && (is_recall(d.identity) || is_update(d.identity));
    };
    found best;
    int best_score = -1;
    for (const std::string& owner : {i.issuer, options_.home}) {
        VANTHU_TRY(auto ids, documents_meant(owner, i));
        for (auto id = ids.rbegin(); id != ids.rend() && best_score < 3; ++id) {
            VANTHU_TRY(auto d, write_.document_alone(owner, *id));
            VANTHU_TRY(auto consignments, consignments_of(a, owner, *id, party));
            int score = d ? 0 : -1;
            for (const consignment_row& c : consignments)
                if (d) score = std::max(score, !fits(status, *d, c) ? 1 : is_request(*d) ? 2 : 3);
            if (score <= best_score) continue;
            best = records::reader::place{owner, *id, {}, 0};
            best_score = score;
        }
        if (best) break;
    }
    return best;
}

// The inbox entry of the document that a recipient served here speaks of. A document that came a second time under
// another code of its recipient has the entry of the first: then it is the first that an eOffice speaks of.
result<std::optional<records::inbox_row>> decision::entry_of(const arrival& a, const std::string& party,
                                                             std::optional<records::reader::place>& about) {
    using found = std::optional<records::inbox_row>;
    VANTHU_TRY(auto all, consignments_of(a, about->owner, about->document, party));
    found entry;
    for (const consignment_row& c : all) {
        if (c.inbox_id.empty()) continue;
        VANTHU_TRY(entry, write_.inbox_entry(c.recipient, c.inbox_id));
    }
    if (!entry) return found();
    if (!a.from->from_inbox) {
        if (a.from->source == offer::from::eoffice) return failed(errc::inbox_right_missing);
        return entry->document == about->document ? entry : found();
    }
    if (a.from->source == offer::from::eoffice &&
        std::ranges::find(a.from->may_send_for, entry->organisation) == a.from->may_send_for.end())
        return failed(errc::sender_not_yours, entry->organisation);
    about = records::reader::place{entry->owner, entry->document, {}, 0};
    return entry;
}

// A 01 where one has been sent for the entry: that one is the answer, and no second one leaves (contracts 3).
result<bool> decision::arrived_before(const arrival& a, const std::string& reporter, const records::inbox_row& entry,
                                      const records::reader::place& about, outcome& out) {
    VANTHU_TRY(auto first, write_.occupied(options_.home, "status", arrival_of(entry)));
    if (!first) return false;
    VANTHU_CHECK(known_document(first->document, reporter, out));
    VANTHU_CHECK(take_over(a, entry, about));
    return true;
}

// The 01 that a status 02 to 06 implies, in the same change.
result<> decision::arrive_first(const arrival& a, outcome& out) {
    outcome first;
    VANTHU_CHECK(status(*a.arrival_before, first));
    out.arrival_sent = !first.known;
    out.work = std::move(first.work);
    out.inboxes = std::move(first.inboxes);
    return {};
}

// What the entry shows: that its eOffice has it, and what its statuses amount to.
result<> decision::take_over(const arrival& a, const records::inbox_row& found, const records::reader::place& about) {
    VANTHU_TRY(auto entry, write_.inbox_entry(found.organisation, found.id));
    if (!entry) return failed(records::errc::inbox_entry_unknown, found.id);
    if (a.from->from_inbox && a.packet->status()->status_code == "01" && entry->acked_at == 0) {
        entry->acked_at = write_.now();
        VANTHU_CHECK(write_.add_event(about.owner, event_row{.document = about.document,
                                                             .recipient = entry->recipient_code,
                                                             .kind = "acked",
                                                             .by = entry->recipient_code}));
    }
    VANTHU_TRY(auto c, write_.consignment(about.owner, about.document, entry->recipient_code));
    if (c) entry->last_status = c->last_status;
    write_.put(*entry);
    return {};
}

// Puts the status on the ladder of the document it speaks of. Late, repeated and unknown codes are kept; only the shown
// "last status" has an order.
result<> decision::apply_status(const arrival& a, document_row& status, const records::reader::place& about) {
    const edxml::status_packet& s = *a.packet->status();
    status.about = about.document;
    const bool by_sender = s.status_code == "13";
    const std::string party = a.registry->canonical(by_sender ? s.response_for.organ_id : s.from.organ_id, a.at);
    VANTHU_TRY(auto all, consignments_of(a, about.owner, about.document, party));
    consignment_row* mine = all.empty() ? nullptr : &all.back();
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
    const bool ours = a.from->source != offer::from::peer;
    VANTHU_TRY(auto on, write_.document_alone(about.owner, about.document));
    if (on && is_replacement(on->identity) && (s.status_code == "15" || s.status_code == "16")) {
        VANTHU_TRY(bool answers, replacement_answered(*on, *mine, status, ours));
        if (answers) {
            mine->updated_at = write_.now();
            write_.put(about.owner, *mine);
            return write_.add_event(about.owner, std::move(e));
        }
    }
    if (on && (s.status_code == "15" || s.status_code == "16")) {
        VANTHU_TRY(bool answers, update_answered(*on, *mine, status, ours));
        if (answers) return {};
    }
    const auto fault =
        records::fault_of(*mine, s.status_code, ours ? std::numeric_limits<std::int64_t>::max() : status.status_time);
    if (fault != records::status_fault::none) {
        // An eOffice is told at once; what a partner has said is kept, for people to see, and moves nothing it must
        // not.
        if (ours) return failed(refusal_of(fault), mine->last_status);
        e.kind = "status_out_of_order";
        status.flags.push_back("status_out_of_order");
    }
    records::add_status(*mine, s.status_code, status.status_time);
    mine->updated_at = write_.now();
    write_.put(about.owner, *mine);
    VANTHU_CHECK(write_.add_event(about.owner, std::move(e)));
    if (!on) return {};
    if (mine->last_status == "02") return recall_needless(*on, *mine);
    if (!mine->asked_back) return {};
    if (s.status_code == "15" || s.status_code == "16") return recall_answered(*on, *mine, status, ours);
    return {};
}

} // namespace vanthu::intake
