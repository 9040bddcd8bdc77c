// Duplicates, numbers and conversations: what may be taken in beside what is on record (contracts 1).
#include "daemon/intake/decision.hpp"
#include "daemon/records/statuses.hpp"

#include <algorithm>

namespace vanthu::intake {

using records::consignment_row;
using records::document_row;
using records::event_row;
using records::state;

namespace {

bool ended_undelivered(const consignment_row& c) {
    return c.state_now == state::refused || c.state_now == state::expired || c.state_now == state::recalled;
}

} // namespace

// Its recipient has nothing of it any more: it ended, or gave way to a replacement that it has agreed to.
result<bool> decision::has_gone(const document_row& d, const consignment_row& c) {
    if (records::has_ended(c)) return true;
    VANTHU_TRY(auto q, write_.recall(options_.home, d.identity.issuer, d.identity.document_id, c.recipient));
    return q && q->document == d.id && records::took_away(*q);
}

// What came back undelivered may be sent again as it is, and a recall that was answered may be asked for again;
// anything else gets the first answer.
result<bool> decision::may_come_again(const document_row& earlier, const std::string& recipient) {
    VANTHU_TRY(auto consignments, write_.consignments(earlier.owner, earlier.id));
    for (const consignment_row& c : consignments)
        if (c.recipient == recipient)
            return ended_undelivered(c) || c.answer == "16" ||
                   (asks_for_answer(earlier.identity) && !is_replacement(earlier.identity) &&
                    (c.last_status == "15" || c.last_status == "16"));
    return false;
}

result<decision::standing> decision::standing_of(const document_row& d, const std::string& recipient) {
    standing s;
    VANTHU_TRY(auto same, write_.occupied(options_.home, recipient, d.identity));
    if (same && same->content_sha256 == d.content_sha256) {
        VANTHU_TRY(auto earlier, document_of(d.identity.issuer, same->document));
        bool again = false;
        if (earlier) {
            VANTHU_TRY(again, may_come_again(*earlier, recipient));
        }
        // Updates without files have one content; what they change stands in their headers.
        if (earlier && is_update(d.identity) && earlier->sent_at != d.sent_at) again = true;
        if (!again) {
            s.known = same->document;
            return s;
        }
    }
    if (asks_for_answer(d.identity)) return s; // a conversation is never a duplicate of another
    VANTHU_TRY(auto number, write_.occupied_number(options_.home, recipient, d.identity));
    const auto& other = same ? same : number;
    if (!other) return s;
    if (other->content_sha256 == d.content_sha256) {
        s.new_envelope = true;
        return s;
    }
    // A refused document may be sent again under its number, corrected.
    VANTHU_TRY(auto earlier, document_of(d.identity.issuer, other->document));
    bool gone = !earlier;
    if (earlier) {
        VANTHU_TRY(auto consignments, write_.consignments(earlier->owner, earlier->id));
        for (const consignment_row& c : consignments) {
            if (c.recipient != recipient || gone) continue;
            VANTHU_TRY(gone, has_gone(*earlier, c));
        }
    }
    if (!gone) s.clash = other->document;
    return s;
}

// Contracts 1: which recipients are new, which have this very document already, and what a clerk should be told.
result<bool> decision::check_identity(const arrival& a, const document_row& d, std::vector<routed>& fresh,
                                      std::string& known_id, std::vector<std::string>& flags) {
    const bool at_issuer = a.from->source == offer::from::eoffice;
    for (const routed& r : a.recipients) {
        VANTHU_TRY(standing s, standing_of(d, r.organisation));
        if (!s.known.empty()) {
            known_id = s.known;
            continue;
        }
        if (!s.clash.empty() && at_issuer) return failed(errc::number_reused, s.clash);
        if (!s.clash.empty()) flags.push_back("number_reused");
        if (s.new_envelope) flags.push_back("same_content_new_envelope");
        fresh.push_back(r);
    }
    if (at_issuer) VANTHU_CHECK(check_number(d, fresh));
    std::sort(flags.begin(), flags.end());
    flags.erase(std::unique(flags.begin(), flags.end()), flags.end());
    return !fresh.empty();
}

// At the issuer a number means one content for everybody. Free again for a recipient that refused it, and for others
// when nobody holds the earlier document any more.
result<> decision::check_number(const document_row& d, const std::vector<routed>& fresh) {
    const records::business_identity& i = d.identity;
    if (i.number.empty() || fresh.empty() || asks_for_answer(i)) return {};
    VANTHU_TRY(auto ids, write_.documents_numbered(d.owner, i.issuer, i.number, i.notation, i.date.substr(0, 4)));
    for (const std::string& id : ids) {
        VANTHU_TRY(auto earlier, write_.document(d.owner, id));
        if (!earlier || earlier->content_sha256 == d.content_sha256 || is_recall(earlier->identity) ||
            is_update(earlier->identity))
            continue;
        VANTHU_TRY(auto consignments, write_.consignments(d.owner, id));
        std::vector<std::string> freed; // recipients that have nothing of it any more
        for (const consignment_row& c : consignments) {
            VANTHU_TRY(const bool gone, has_gone(*earlier, c));
            if (gone) freed.push_back(c.recipient);
        }
        if (freed.size() == consignments.size()) continue;
        for (const routed& r : fresh)
            if (std::ranges::find(freed, r.organisation) == freed.end()) return failed(errc::number_reused, id);
    }
    return {};
}

} // namespace vanthu::intake
