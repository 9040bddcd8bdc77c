// Which request an answer (15, 16) is to; and what one to a recall, or to an update that removes its recipient,
// changes: for the request, for the document it speaks of, and where that lies here for its inbox entry. Of a
// replacement and of an update: there.
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

namespace {

// How far a partner's clock may be behind without its answer being taken for one to what was asked before.
constexpr std::chrono::minutes slow_clock{10};

// 15 or 16; empty: not yet.
std::string answer_to(const document_row& request, const consignment_row& c) {
    if (is_replacement(request.identity)) return c.answer;
    const auto found = std::ranges::find_if(
        c.statuses, [](const records::status_seen& s) { return s.code == "15" || s.code == "16"; });
    return found == c.statuses.end() ? std::string() : found->code;
}

} // namespace

// The request that the answer itself names. None: it names none, or this node does not know it.
result<std::optional<records::reader::place>> decision::request_named(const arrival& a, const document_row& answer,
                                                                      const std::string& party) {
    using found = std::optional<records::reader::place>;
    const auto named = request_named_in(answer.status_description);
    if (!named) return found();
    records::business_identity meant = answer.identity;
    if (!named->replacement.empty()) meant = {.issuer = meant.issuer, .document_id = named->replacement};
    for (const std::string& owner : {meant.issuer, options_.home}) {
        VANTHU_TRY(auto ids, documents_meant(owner, meant));
        for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
            VANTHU_TRY(auto d, write_.document_alone(owner, *id));
            if (!d || !named->is(*d)) continue;
            VANTHU_TRY(auto mine, consignments_of(a, owner, *id, party));
            if (!mine.empty()) return found({owner, *id, {}, 0});
        }
    }
    return found();
}

// The newest request, by its sender's time, that was sent no later than the answer. One that follows within what a
// clock may be behind has it where that one was answered before and this one can have been; but an agreement said once
// more is no agreement to anything else.
result<std::optional<records::reader::place>> decision::request_by_time(const arrival& a, const document_row& answer,
                                                                        const std::string& party) {
    struct candidate {
        std::int64_t at;
        std::string id;
        std::string answered;
        bool arrived;
        auto operator<=>(const candidate&) const = default;
    };
    using found = std::optional<records::reader::place>;
    for (const std::string& owner : {answer.identity.issuer, options_.home}) {
        std::vector<candidate> all;
        VANTHU_TRY(auto ids, documents_meant(owner, answer.identity));
        for (const std::string& id : ids) {
            VANTHU_TRY(auto d, write_.document_alone(owner, id));
            if (!d || !asks_for_answer(d->identity)) continue;
            VANTHU_TRY(auto mine, consignments_of(a, owner, id, party));
            if (mine.empty()) continue;
            const consignment_row& c = mine.back();
            if (is_update(d->identity) && !c.asked_back) continue; // it brought the document and asked for nothing
            all.push_back({d->sent_at ? d->sent_at : d->received_at, id, answer_to(*d, c),
                           c.state_now == records::state::delivered});
        }
        std::ranges::sort(all);
        const std::int64_t said = answer.status_time;
        const auto later = std::ranges::find_if(all, [&](const candidate& c) { return said && c.at > said; });
        if (later == all.begin()) continue;
        const candidate& fits = *std::prev(later);
        const bool again = answer.status_code == "15" && fits.answered == "15";
        const bool slow = !fits.answered.empty() && !again && later != all.end() && later->answered.empty() &&
                          later->arrived && from_us(later->at) - from_us(said) <= slow_clock;
        return found({owner, slow ? later->id : fits.id, {}, 0});
    }
    return found();
}

// What was asked has its answer. That a hop stopped the document before it came is the better word.
result<> decision::answer_request(recall_row& q, const document_row& status) {
    const bool agrees = status.status_code == "15", replaces = q.asks == int(edxml::bussiness_type::replace);
    // Nothing takes an agreement back, nor its proof; and who denies has not had what was stopped before it came.
    if (!agrees && (q.stands == recall_stand::agreed || q.stands == recall_stand::withdrawn)) return {};
    if ((agrees || q.stands != recall_stand::agreed) && !(replaces && q.stands == recall_stand::withdrawn))
        q.stands = agrees ? recall_stand::agreed : recall_stand::denied;
    q.answered_at = status.status_time;
    q.proof = status.packet_sha256.hex();
    write_.put(options_.home, q);
    return {};
}

// The answer stands on one of the two; the other knows of it.
result<> decision::answer_other(const std::string& owner, consignment_row& c, const document_row& status,
                                bool takes_place) {
    if (takes_place)
        records::answer_place(c, status.status_code, status.status_time);
    else
        records::add_status(c, status.status_code, status.status_time);
    c.updated_at = write_.now();
    write_.put(owner, c);
    return write_.add_event(owner, event_row{.document = c.document,
                                             .recipient = c.recipient_code,
                                             .kind = "status",
                                             .code = status.status_code,
                                             .by = status.from_code,
                                             .text = status.status_description,
                                             .proof = status.packet_sha256.hex(),
                                             .claimed_at = status.status_time});
}

// The inbox entry of what was spoken of, where its recipient is served here.
result<> decision::answer_entry(const recall_row& q, bool agrees) {
    if (q.document.empty()) return {};
    VANTHU_TRY(auto c, write_.consignment(q.owner, q.document, q.code));
    if (agrees && c) {
        VANTHU_TRY(auto d, write_.document(q.owner, q.document));
        if (d) VANTHU_CHECK(records::end_requests(write_, options_.home, *d, *c));
    }
    if (!c || c->inbox_id.empty()) return {};
    VANTHU_TRY(auto entry, write_.inbox_entry(c->recipient, c->inbox_id));
    if (!entry || entry->document != q.document) return {};
    if (agrees && entry->cancelled_at == 0) {
        entry->cancelled_at = write_.now();
        if (q.asks == int(edxml::bussiness_type::replace)) {
            VANTHU_TRY(auto by, write_.consignment(q.recall_owner, q.recall, q.asked_code));
            if (by) entry->replaced_by = by->inbox_id;
        }
    }
    entry->last_status = c->last_status;
    write_.put(*entry);
    return {};
}

// 15 or 16, on the document or on its recall: both know of it. `on`: which of them the status stands on.
result<> decision::recall_answered(const document_row& on, const consignment_row& mine, const document_row& status,
                                   bool ours) {
    const bool on_recall = is_recall(on.identity) || is_update(on.identity); // that removes this recipient
    VANTHU_TRY(auto q, on_recall
                           ? records::asked_by(write_, options_.home, on, on.target, mine)
                           : write_.recall(options_.home, on.identity.issuer, on.identity.document_id, mine.recipient));
    const bool removes = std::ranges::find(on.removed, mine.recipient_code) != on.removed.end();
    if (!q && (is_recall(on.identity) || removes)) return superseded_answered(on, on.target, mine, status, ours);
    if (!q || (on_recall ? q->recall : q->document) != on.id) return {};
    VANTHU_CHECK(answer_request(*q, status));
    const std::string &owner = on_recall ? q->owner : q->recall_owner, &id = on_recall ? q->document : q->recall,
                      &code = on_recall ? q->code : q->asked_code;
    if (!id.empty()) {
        VANTHU_TRY(auto other, write_.consignment(owner, id, code));
        if (other) VANTHU_CHECK(answer_other(owner, *other, status, q->asks == int(edxml::bussiness_type::replace)));
    }
    return answer_entry(*q, status.status_code == "15");
}

// An answer to a request whose row another has taken. Where an eOffice of ours answers both with it, it names the other
// (is_answered_with()); from afar one that names this request is of this one alone. An agreement gives the document
// back, whoever asked, and closes the row: it is this one's where the other has had its answer or will have one of its
// own. One whose packet still waits for an attempt keeps it, as the row is what lets it go on.
result<> decision::superseded_answered(const document_row& on, const std::string& target, const consignment_row& mine,
                                       const document_row& status, bool ours) {
    VANTHU_TRY(auto q, write_.recall(options_.home, on.identity.issuer, target, mine.recipient));
    const bool agrees = status.status_code == "15";
    if (!q) return {};
    // Of a document that came later under the same DocumentId it says nothing.
    if (!q->document.empty()) {
        VANTHU_TRY(auto of, write_.document_alone(q->owner, q->document));
        if (of && on.sent_at != 0 && of->sent_at > on.sent_at) return {};
    }
    if (records::took_away(*q)) return ours && !agrees ? result<>(failed(errc::status_after_end, "15")) : result<>();
    VANTHU_TRY(const bool both, is_answered_with(write_, on, *q));
    const auto named = request_named_in(status.status_description);
    const bool alone = !ours && named && named->is(on), open = records::is_open(q->stands);
    const bool closes = agrees || (ours && both && open);
    const bool updates = q->asks == int(edxml::bussiness_type::update);
    if (agrees && (updates || !open || alone) && q->stands != recall_stand::fenced) {
        q->asks = int(is_replacement(on.identity) ? edxml::bussiness_type::replace : edxml::bussiness_type::recall);
        q->recall_owner = on.owner;
        q->recall = on.id;
        q->asked_code = mine.recipient_code;
        q->reason = on.reason;
        q->by = on.from_code;
        q->asked_at = on.received_at;
        q->sent_at = on.sent_at;
    } else if (closes && both && open && !alone) {
        VANTHU_TRY(auto request, write_.consignment(q->recall_owner, q->recall, q->asked_code));
        const bool replaces = q->asks == int(edxml::bussiness_type::replace);
        if (request) VANTHU_CHECK(answer_other(q->recall_owner, *request, status, replaces));
    }
    if (closes) VANTHU_CHECK(answer_request(*q, status));
    if (q->document.empty()) return {};
    VANTHU_TRY(auto document, write_.consignment(q->owner, q->document, q->code));
    if (document) VANTHU_CHECK(answer_other(q->owner, *document, status, false));
    return closes ? answer_entry(*q, agrees) : result<>();
}

} // namespace vanthu::intake
