// What a replacement (a packet of type 3) changes, recipient by recipient. It is a document of its own, with its own
// entry and statuses; what it replaces is taken back like by a recall, only that 15 and 16 say whether its place is
// taken. The row of a recall keeps what is asked (records/recalls.hpp).
#include "daemon/intake/answers.hpp"
#include "daemon/intake/decision.hpp"
#include "daemon/records/statuses.hpp"

#include <algorithm>

namespace vanthu::intake {

using records::consignment_row;
using records::document_row;
using records::event_row;
using records::recall_row;
using records::recall_stand;
using records::replaced_row;
using registry::route_kind;

namespace {

bool is_named(const arrival& a, const replaced_row& each, const routed& r) {
    return each.at.empty() || std::ranges::any_of(each.at, [&](const std::string& code) {
               return code == r.code || a.registry->canonical(code, a.at) == r.organisation;
           });
}

bool went_on(const consignment_row& c) { return !c.hop.empty() && c.hop != "local"; }

} // namespace

// What it says it replaces. Where it says nothing it is the document of its own DocumentId, issued again.
std::vector<replaced_row> replaced_by(const edxml::document_header& h) {
    std::vector<replaced_row> out;
    auto add = [&](const std::string& id, const std::vector<std::string>& at) {
        if (id.empty()) return;
        auto same = std::ranges::find(out, id, &replaced_row::document_id);
        if (same == out.end())
            out.push_back({id, at});
        else if (at.empty() || same->at.empty())
            same->at.clear();
        else
            same->at.insert(same->at.end(), at.begin(), at.end());
    };
    for (const edxml::replacement_info& each : h.bussiness->replacements) add(each.document_id, each.organ_ids);
    if (out.empty()) add(h.bussiness->document_id.empty() ? h.document_id : h.bussiness->document_id, {});
    return out;
}

// Asked for here, by API: only one request at a time.
result<> decision::check_replace(const arrival& a, const document_row& d) {
    if (a.from->speaks_of.second.empty()) return {};
    bool anything_left = false;
    for (const routed& r : a.recipients)
        for (const replaced_row& each : d.replaces) {
            if (!is_named(a, each, r)) continue;
            VANTHU_TRY(auto of, spoken_of(a, d, each.document_id, r));
            if (!of) continue;
            if (of->document.content_sha256 == d.content_sha256) return failed(errc::nothing_changed, each.document_id);
            VANTHU_TRY(auto q,
                       write_.recall(options_.home, d.identity.issuer, each.document_id, of->consignment.recipient));
            // What a replacement has asked for and its own replacement asks for again is the later one's.
            const bool inherited = q && q->recall == a.from->speaks_of.second;
            if (q && q->document == of->document.id && records::is_open(q->stands) && !inherited)
                return failed(errc::recall_already_asked, r.code);
            anything_left = anything_left || !records::has_ended(of->consignment);
        }
    if (!anything_left) return failed(errc::recall_ended);
    return {};
}

// One document that a replacement speaks of at a recipient, and what of it is here.
struct decision::old_one {
    std::string target;
    std::optional<spoken> of; // none: it has not come here
    std::optional<records::inbox_row> entry;
    std::optional<records::transfer_row> transfer;

    const records::transfer_row* carried() const { return transfer ? &*transfer : nullptr; }
};

// What is there.
result<decision::old_one> decision::find_old(std::string target, std::optional<spoken> of) {
    old_one o{.target = std::move(target), .of = std::move(of), .entry = {}, .transfer = {}};
    if (!o.of) return o;
    const consignment_row& c = o.of->consignment;
    if (!c.inbox_id.empty()) {
        VANTHU_TRY(o.entry, write_.inbox_entry(c.recipient, c.inbox_id));
    }
    if (went_on(c)) {
        VANTHU_TRY(o.transfer, write_.transfer(o.of->document.owner, o.of->document.id, c.hop));
    }
    return o;
}

// Who decides: the recipient's clerk, on all of them or on none, as one answer speaks for all. What is in an eOffice's
// hands here is its clerk's, also after the recipient has moved to another node.
bool decision::is_the_clerks(const std::vector<old_one>& all, bool local) {
    return std::ranges::any_of(all, [&](const old_one& o) {
        if (!o.of || records::has_ended(o.of->consignment)) return false;
        return (o.entry && o.entry->acked_at) || (local && went_on(o.of->consignment));
    });
}

// It goes the way of what it replaces, also where the registry knows another one by now.
routed decision::way_of(const arrival& a, const std::vector<old_one>& all, const routed& r) {
    routed way = r;
    if (r.route.kind == route_kind::local) return way;
    for (const old_one& o : all) {
        if (!o.of || records::has_ended(o.of->consignment) || !went_on(o.of->consignment)) continue;
        if (records::can_stop(o.of->consignment, o.carried()) == records::stopping::at_once) continue;
        const registry::node* same = a.registry->find_node(o.of->consignment.hop);
        if (!same || same == r.route.next) continue;
        way.route.kind = route_kind::hop;
        way.route.next = same;
        break;
    }
    return way;
}

result<> decision::replace_recipient(const arrival& a, const document_row& d, const routed& r, transfers& to,
                                     outcome& out) {
    const bool local = r.route.kind == route_kind::local;
    // Our own policy refuses it: what it would replace stands.
    if (local && a.held_here.empty() && !a.refused_at_end.empty()) return add_recipient(a, d, r, to, out);
    std::vector<old_one> all;
    for (const replaced_row& each : d.replaces) {
        if (!is_named(a, each, r)) continue;
        VANTHU_TRY(auto of, spoken_of(a, d, each.document_id, r));
        VANTHU_TRY(old_one o, find_old(each.document_id, std::move(of)));
        all.push_back(std::move(o));
    }
    VANTHU_CHECK(add_recipient(a, d, way_of(a, all, r), to, out));
    const consignment_row mine = out.consignments.back();
    // Held back by an operator's policy, or without a way: it may never go.
    const bool held = is_held(mine) || is_unplaced(mine), clerk = (local && held) || is_the_clerks(all, local);
    const bool cancelled = std::ranges::find(out.cancelled, r.code) != out.cancelled.end(); // its own recall came first
    bool answers = false;
    for (old_one& o : all) {
        VANTHU_TRY(const bool overtaken, is_overtaken(a, d, o.of, o.target));
        if (overtaken) continue;
        VANTHU_TRY(auto before, write_.recall(options_.home, d.identity.issuer, o.target,
                                              o.of ? o.of->consignment.recipient : r.organisation));
        VANTHU_TRY(recall_row q, ask(a, d, edxml::bussiness_type::replace, o.target, r, o.of, out));
        q.stands = cancelled ? recall_stand::ended : recall_stand::before_clerk;
        if (!o.of) {
            // It came first: where it ends, what it replaces is cancelled when it comes.
            if (!local || a.from->source != offer::from::peer) continue;
            if (!clerk) {
                q.stands = recall_stand::agreed;
                answers = true;
                VANTHU_CHECK(write_.add_event(d.owner, event_row{.document = d.id,
                                                                 .recipient = r.code,
                                                                 .kind = "replace_first",
                                                                 .by = options_.organisation,
                                                                 .text = o.target,
                                                                 .proof = q.proof}));
            }
            write_.put(options_.home, q);
            continue;
        }
        const bool ended = records::has_ended(o.of->consignment);
        records::ask_back(o.of->consignment);
        write_.put(o.of->document.owner, o.of->consignment);
        if (o.entry) {
            o.entry->asked_back = true;
            write_.put(*o.entry);
        }
        if (held && !ended) {
            // An operator may send it back: until it goes, the old one goes on as if nothing were asked.
            q.stands = recall_stand::asked;
        } else if (ended && o.of->consignment.state_now != records::state::recalled && before &&
                   before->document == q.document && before->stands == recall_stand::agreed) {
            q.stands = recall_stand::agreed;
            q.where = options_.organisation;
        } else {
            VANTHU_CHECK(take_place(mine, o, clerk, ended, q, to));
            answers = answers || q.stands == recall_stand::agreed;
        }
        write_.put(options_.home, q);
    }
    if (answers) out.answers.push_back(r.code);
    return {};
}

// What becomes of one: stopped, cancelled, asked for further on, or for its clerk to decide. `mine`: the replacement's
// place at this recipient. `q` is for the caller to write.
result<> decision::take_place(const consignment_row& mine, old_one& o, bool clerk, bool ended, recall_row& q,
                              transfers& to) {
    const records::recall_side side{options_.home, options_.organisation};
    document_row& document = o.of->document;
    consignment_row& c = o.of->consignment;
    records::transfer_row* t = o.transfer ? &*o.transfer : nullptr;
    const records::stopping may = records::can_stop(c, t);
    if (may == records::stopping::at_once) {
        VANTHU_CHECK(records::stop(write_, side, document, c, t, q.proof));
        q.stands = recall_stand::withdrawn;
        q.where = options_.organisation;
    } else if (ended || (c.hop == "local" && !o.entry)) {
        q.stands = c.state_now == records::state::recalled ? recall_stand::withdrawn : recall_stand::ended;
        q.where = options_.organisation;
    } else if (o.entry && !clerk) {
        o.entry->cancelled_at = write_.now();
        o.entry->replaced_by = mine.inbox_id;
        write_.put(*o.entry);
        q.stands = recall_stand::agreed;
        return write_.add_event(document.owner, event_row{.document = document.id,
                                                          .recipient = c.recipient_code,
                                                          .kind = "replace_cancelled",
                                                          .by = options_.organisation,
                                                          .proof = q.proof});
    } else if (mine.hop != "local") {
        const bool waits = may == records::stopping::after_the_attempt && mine.hop == c.hop;
        q.stands = waits ? recall_stand::fenced : recall_stand::asked;
        write_.put(options_.home, q);
        if (waits) {
            t->recall_waits = true;
            write_.put(*t);
            to.at(mine.hop).fenced = true;
        } else if (t && !records::is_final(t->state_now) && !t->attempt_open) {
            return records::stop_trying(write_, side, document, *t);
        }
    } else if (mine.inbox_id.empty()) {
        q.stands = recall_stand::asked; // before the clerk once it has an entry
    }
    return {};
}

// Released by an operator, or placed at last: what it asks for has waited.
result<> decision::replace_released(const document_row& d, const consignment_row& mine, transfers& to) {
    for (const replaced_row& each : d.replaces) {
        VANTHU_TRY(auto q, records::asked_by(write_, options_.home, d, each.document_id, mine));
        if (!q || !records::is_open(q->stands) || q->document.empty()) continue;
        VANTHU_TRY(auto document, write_.document(q->owner, q->document));
        VANTHU_TRY(auto c, write_.consignment(q->owner, q->document, q->code));
        if (!document || !c) continue;
        const bool ended = records::has_ended(*c);
        VANTHU_TRY(old_one o, find_old(each.document_id, spoken{std::move(*document), std::move(*c)}));
        VANTHU_CHECK(take_place(mine, o, true, ended, *q, to)); // no 15 is prepared: its clerk says it
        write_.put(options_.home, *q);
    }
    return {};
}

// A replacement that was held, or had no way, has its entry now: what it asks for is before the clerk.
result<> decision::before_the_clerk(const document_row& d, const consignment_row& mine) {
    for (const replaced_row& each : d.replaces) {
        VANTHU_TRY(auto q, records::asked_by(write_, options_.home, d, each.document_id, mine));
        if (!q || q->stands != recall_stand::asked) continue;
        q->stands = recall_stand::before_clerk;
        write_.put(options_.home, *q);
    }
    return {};
}

// 15 or 16 that stands on a replacement: to what it asks for. False: it asks for nothing that this could answer; then
// the answer is to a recall or a replacement of it.
result<bool> decision::replacement_answered(const document_row& on, consignment_row& mine, const document_row& status,
                                            bool ours) {
    std::vector<recall_row> asked;
    bool any_open = false;
    const std::string& quoted = status.identity.document_id;
    for (const replaced_row& each : on.replaces) {
        if (quoted != on.identity.document_id && quoted != each.document_id) continue;
        VANTHU_TRY(auto q, records::asked_by(write_, options_.home, on, each.document_id, mine));
        if (!q) continue;
        any_open = any_open || records::is_open(q->stands);
        asked.push_back(std::move(*q));
    }
    const auto named = request_named_in(status.status_description);
    const bool meant = named && named->is(on);
    if (asked.empty() && meant && !ours) {
        // Something else was asked of them since.
        bool of_these = false;
        for (const replaced_row& each : on.replaces) {
            if (quoted != on.identity.document_id && quoted != each.document_id) continue;
            VANTHU_CHECK(superseded_answered(on, each.document_id, mine, status, ours));
            of_these = true;
        }
        if (of_these) records::answer_place(mine, status.status_code, status.status_time);
        return of_these;
    }
    VANTHU_TRY(auto of_it, write_.recall(options_.home, on.identity.issuer, on.identity.document_id, mine.recipient));
    if (asked.empty() || (!meant && !any_open && of_it && of_it->document == on.id && records::is_open(of_it->stands)))
        return false;
    // Its place may have been taken before it came: by a recall of the same document.
    const bool taken =
        mine.answer == "15" || (!any_open && std::ranges::any_of(asked, [](const recall_row& q) {
                                    return q.stands == recall_stand::agreed;
                                }));
    if (ours && taken && status.status_code != "15") return failed(errc::status_after_end, "15");
    records::answer_place(mine, status.status_code, status.status_time);
    for (recall_row& q : asked) {
        VANTHU_CHECK(answer_request(q, status));
        if (q.document.empty()) continue;
        VANTHU_TRY(auto c, write_.consignment(q.owner, q.document, q.code));
        if (c) VANTHU_CHECK(answer_other(q.owner, *c, status, false));
        VANTHU_CHECK(answer_entry(q, status.status_code == "15"));
    }
    return true;
}

} // namespace vanthu::intake
