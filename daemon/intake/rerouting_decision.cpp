// What placing a parked recipient changes: where it goes, whose key it occupies, what is told.
#include "daemon/base/error_table.hpp"
#include "daemon/intake/decision.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::intake {

using records::consignment_row;
using records::document_kind;
using records::document_row;
using records::event_row;
using records::state;
using registry::route_kind;

result<decision::placing> decision::place_again(const records::reader::unplaced& where, const routed& r,
                                                const std::string& refusal, const std::string& hold,
                                                const std::string& flag, const std::string& by, transfers& to,
                                                outcome& out) {
    VANTHU_TRY(auto c, write_.consignment(where.owner, where.document, where.recipient_code));
    VANTHU_TRY(auto d, write_.document(where.owner, where.document));
    if (!c || !d || (!is_unplaced(*c) && !is_held(*c))) {
        write_.remove(options_.home, where);
        return placing::gone;
    }
    const bool held = r.route.kind == route_kind::held, local = r.route.kind == route_kind::local;
    if (!held && !local && !to.contains(r.route.next->id)) {
        // One envelope of a document at a time to a node; and the next one differs from it by its time of writing,
        // which has whole seconds.
        VANTHU_TRY(auto before, write_.transfer(d->owner, d->id, r.route.next->id));
        constexpr std::int64_t second = 1'000'000;
        if (before && (!records::is_final(before->state_now) || write_.now() - before->last_attempt_at < 2 * second))
            return placing::later;
        if (before) VANTHU_CHECK(write_.keep_earlier_receipt(options_.home, *before));
    }
    const bool is_document = d->kind == document_kind::document;
    if (is_document && c->recipient != r.organisation) {
        VANTHU_TRY(auto mine, write_.occupied(options_.home, c->recipient, d->identity));
        if (mine && mine->document == d->id)
            VANTHU_CHECK(write_.release(options_.home, c->recipient, d->identity));
    }
    if (!held && is_held(*c))
        VANTHU_CHECK(write_.add_event(
            d->owner,
            event_row{.document = d->id, .recipient = r.code, .kind = "released", .code = c->reason, .by = by}));
    else if (!held)
        VANTHU_CHECK(write_.add_event(
            d->owner, event_row{.document = d->id,
                                .recipient = r.code,
                                .kind = "rerouted",
                                .code = r.organisation,
                                .by = by,
                                .text = fmt::format("{} ({}) → {}, {}", c->recipient, c->reason, r.organisation,
                                                    local ? "local" : r.route.next->id)}));
    VANTHU_CHECK(move_requests(*d, c->recipient, r.organisation));
    const std::size_t flags = d->flags.size();
    auto add_flag = [&](std::string_view one) {
        if (!one.empty() && std::ranges::find(d->flags, one) == d->flags.end()) d->flags.emplace_back(one);
    };
    if (is_document && (local || !hold.empty())) add_flag(flag);
    if (local && is_document && hold.empty()) {
        records_read seen;
        VANTHU_TRY(standing s, standing_of(*d, r.organisation, seen));
        if (!s.known.empty()) {
            VANTHU_TRY(placing done, place_duplicate(*d, r, s.known, *c, out));
            if (done == placing::placed) return done;
        }
        if (!s.clash.empty()) add_flag("number_reused");
        if (s.new_envelope) add_flag("same_content_new_envelope");
    }
    if (d->flags.size() != flags) write_.put(*d);
    write_.remove(options_.home, where); // before place(), which puts it again where there is still no way
    VANTHU_CHECK(place(*d, r, refusal, hold, *c, to, out));
    if (is_replacement(d->identity) && !held && hold.empty() && (!local || refusal.empty()))
        VANTHU_CHECK(replace_released(*d, out.consignments.back(), to));
    if (held || !hold.empty()) return placing::held;
    if (!local) VANTHU_CHECK(tell_previous_hop(*d, r.code, "released", {}));
    if (local && refusal.empty()) VANTHU_CHECK(tell_previous_hop(*d, r.code, "kept", {}));
    return placing::placed;
}

// Its recipient has a name now: what is asked of the document there, or by it, stands under that.
result<> decision::move_requests(const document_row& d, const std::string& from, const std::string& to) {
    if (from == to || d.kind != document_kind::document) return {};
    std::vector<std::string> targets{d.target, d.identity.document_id};
    for (const records::replaced_row& each : d.replaces) targets.push_back(each.document_id);
    for (const std::string& target : targets) {
        VANTHU_TRY(auto q, write_.recall(options_.home, d.identity.issuer, target, from));
        if (!q || (q->recall != d.id && q->document != d.id)) continue;
        VANTHU_TRY(auto there, write_.recall(options_.home, d.identity.issuer, target, to));
        if (there) continue;
        write_.remove(options_.home, *q);
        q->recipient = to;
        write_.put(options_.home, *q);
    }
    return {};
}

result<bool> decision::send_back(const document_row& d, const std::string& recipient_code, const std::string& words,
                                 const std::string& by) {
    VANTHU_TRY(auto c, write_.consignment(d.owner, d.id, recipient_code));
    if (!c || (!is_held(*c) && !is_unplaced(*c))) return false;
    write_.remove(options_.home, {d.owner, d.id, recipient_code}); // no pass of the registry's looks at it again
    c->state_now = state::refused;
    c->reason = public_code(errc::returned_by_operator);
    c->updated_at = write_.now();
    write_.put(d.owner, *c);
    VANTHU_CHECK(write_.add_event(d.owner, event_row{.document = d.id,
                                                     .recipient = recipient_code,
                                                     .kind = "sent_back",
                                                     .code = c->reason,
                                                     .by = by,
                                                     .text = words}));
    VANTHU_CHECK(tell_previous_hop(d, recipient_code, "returned", c->reason));
    VANTHU_CHECK(records::request_failed(write_, {options_.home, options_.organisation}, d, recipient_code, c->reason));
    return true;
}

// It came here meanwhile under another code: the entry that it has is its entry (contracts 2).
result<decision::placing> decision::place_duplicate(const document_row& d, const routed& r, const std::string& known,
                                                    consignment_row& c, outcome& out) {
    VANTHU_TRY(auto other, document_of(d.identity.issuer, known));
    if (!other) return placing::held;
    VANTHU_TRY(auto theirs, write_.consignments(other->owner, other->id));
    auto at = std::ranges::find_if(
        theirs, [&](const consignment_row& t) { return t.recipient == r.organisation && !t.inbox_id.empty(); });
    if (at == theirs.end()) return placing::held;
    write_.remove(options_.home, {d.owner, d.id, r.code});
    c.recipient = r.organisation;
    c.recipient_name = r.name;
    c.hop = "local";
    c.state_now = state::delivered;
    c.reason.clear();
    c.inbox_id = at->inbox_id;
    c.inbox_sequence = at->inbox_sequence;
    c.updated_at = write_.now();
    write_.put(d.owner, c);
    VANTHU_CHECK(write_.add_event(d.owner, event_row{.document = d.id,
                                                     .recipient = r.code,
                                                     .kind = "duplicate",
                                                     .by = options_.organisation,
                                                     .proof = other->packet_sha256.hex()}));
    VANTHU_CHECK(tell_previous_hop(d, r.code, "kept", {}));
    out.consignments.push_back(c);
    return placing::placed;
}

} // namespace vanthu::intake
