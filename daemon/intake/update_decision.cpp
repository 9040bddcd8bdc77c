// What an update (a packet of type 2) changes, recipient by recipient. It takes nothing back from who stays: it is for
// their clerk to follow or deny. Whom it removes is asked to give the document back, as by a recall; whom it adds gets
// it as a document.
#include "daemon/intake/decision.hpp"
#include "daemon/records/statuses.hpp"

#include <algorithm>

namespace vanthu::intake {

using records::consignment_row;
using records::document_row;
using records::event_row;
using records::recall_row;
using records::recall_stand;
using registry::route_kind;

namespace {

constexpr int updates = int(edxml::bussiness_type::update);

} // namespace

bool is_among(const registry::registry& known, timestamp at, const std::vector<std::string>& codes, const routed& r) {
    return std::ranges::any_of(
        codes, [&](const std::string& code) { return code == r.code || known.canonical(code, at) == r.organisation; });
}

bool is_update(const records::business_identity& i) { return i.business_type == updates; }

void note_changes(const edxml::document_packet& p, document_row& d) {
    const auto& info = p.header.bussiness->document_info;
    if (info)
        for (const edxml::receiver_change& each : info->receivers)
            (each.receiver_type == "0" ? d.removed : d.added).push_back(each.organ_id);
    // The flag, or where a partner writes none: it brings files.
    d.content_changed = info && !info->document_info.empty() ? info->document_info == "1" : !p.attachments.empty();
}

// Asked for here, by API: only one request at a time.
result<> decision::check_update(const arrival& a, const document_row& d) {
    if (a.from->speaks_of.second.empty()) return {};
    bool anything_left = !d.added.empty();
    for (const routed& r : a.recipients) {
        VANTHU_TRY(auto of, spoken_of(a, d, d.target, r));
        if (!of) continue;
        const document_row& old = of->document;
        if (d.content_changed && d.content_sha256 == old.content_sha256 && d.subject == old.subject &&
            d.due_date == old.due_date)
            return failed(errc::nothing_changed, d.target);
        VANTHU_TRY(auto q, write_.recall(options_.home, d.identity.issuer, d.target, of->consignment.recipient));
        if (q && q->document == old.id && records::is_open(q->stands))
            return failed(errc::recall_already_asked, r.code);
        anything_left = anything_left || !records::has_ended(of->consignment);
    }
    if (!anything_left) return failed(errc::recall_ended, d.target);
    return {};
}

result<> decision::update_recipient(const arrival& a, const document_row& d, const routed& r, transfers& to,
                                    outcome& out) {
    if (is_among(*a.registry, a.at, d.removed, r)) return recall_recipient(a, d, r, to, out);
    VANTHU_TRY(auto of, spoken_of(a, d, d.target, r));
    const bool local = r.route.kind == route_kind::local;
    if (is_among(*a.registry, a.at, d.added, r) && (!of || records::has_ended(of->consignment))) {
        VANTHU_CHECK(add_recipient(a, d, r, to, out));
        consignment_row& mine = out.consignments.back();
        mine.asked_back = false; // a document to it: there is nothing to answer with 15 or 16
        write_.put(d.owner, mine);
        return {};
    }
    // Our own policy refuses it; or this node knows nothing of what it speaks of, and hands it on.
    const bool refused = local && a.held_here.empty() && !a.refused_at_end.empty();
    if (refused || (!of && (!local || a.from->source != offer::from::peer))) return add_recipient(a, d, r, to, out);
    VANTHU_TRY(const bool overtaken, is_overtaken(a, d, of, d.target));
    if (overtaken) return add_recipient(a, d, way_of(a, of->consignment, r), to, out);
    VANTHU_TRY(recall_row q, ask(a, d, edxml::bussiness_type::update, d.target, r, of, out));
    q.stands = local ? recall_stand::before_clerk : recall_stand::asked;
    routed way = r;
    if (of) {
        const consignment_row& c = of->consignment;
        if (records::has_ended(c)) {
            q.stands = recall_stand::ended;
            q.where = options_.organisation;
            // What took the document away has the row for good.
            VANTHU_TRY(auto by, write_.recall(options_.home, q.issuer, q.target, q.recipient));
            if (by && by->document == q.document && records::took_away(*by)) q = std::move(*by);
            return close_request(d, r, q, "recall_needless", out);
        }
        if (!c.inbox_id.empty()) {
            VANTHU_TRY(auto entry, write_.inbox_entry(c.recipient, c.inbox_id));
            if (entry) {
                entry->asked_back = true;
                write_.put(*entry);
            }
        }
        if (!local) way = way_of(a, c, r);
    }
    write_.put(options_.home, q);
    return add_recipient(a, d, way, to, out);
}

// 15 or 16 to an update: it stands on the update and, as a step, on the document; that goes on as before. False: no
// update of this document is on record, or the answer is to something later.
result<bool> decision::update_answered(const document_row& on, const consignment_row& mine, const document_row& status,
                                       bool ours) {
    const bool on_update = is_update(on.identity);
    VANTHU_TRY(auto q, on_update
                           ? records::asked_by(write_, options_.home, on, on.target, mine)
                           : write_.recall(options_.home, on.identity.issuer, on.identity.document_id, mine.recipient));
    if (!q && on_update && ours) {
        // A node of a former version would take the answer for one to what was asked later; what was given back is
        // gone.
        VANTHU_TRY(auto other, write_.recall(options_.home, on.identity.issuer, on.target, mine.recipient));
        if (other && other->asks != updates && (other->sent_at >= on.sent_at || records::took_away(*other)))
            return failed(errc::status_after_end, other->asked_code);
    }
    if (!q || q->asks != updates || (on_update ? q->recall : q->document) != on.id) return false;
    const bool too_late = q->stands == recall_stand::agreed && status.status_code != "15"; // kept as a step
    if (too_late && ours) return failed(errc::status_after_end, "15");
    VANTHU_CHECK(answer_request(*q, status));
    auto tell = [&](const std::string& owner, const std::string& id, const std::string& code, bool counts) -> result<> {
        VANTHU_TRY(auto c, write_.consignment(owner, id, code));
        if (!c) return {};
        if (counts) records::add_status(*c, status.status_code, status.status_time);
        c->updated_at = write_.now();
        write_.put(owner, *c);
        return write_.add_event(owner, event_row{.document = id,
                                                 .recipient = code,
                                                 .kind = "status",
                                                 .code = status.status_code,
                                                 .by = status.from_code,
                                                 .text = status.status_description,
                                                 .proof = status.packet_sha256.hex(),
                                                 .claimed_at = status.status_time});
    };
    VANTHU_CHECK(tell(q->recall_owner, q->recall, q->asked_code, !too_late));
    if (!q->document.empty()) VANTHU_CHECK(tell(q->owner, q->document, q->code, false));
    return true;
}

} // namespace vanthu::intake
