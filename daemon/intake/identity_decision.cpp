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

// The document of that id beside `d`; null: there is none.
result<const decision::on_record*> decision::earlier(const document_row& d, const std::string& id, records_read& seen) {
    auto [at, first] = seen.try_emplace(id);
    std::optional<on_record>& found = at->second;
    if (first) {
        VANTHU_TRY(auto row, document_of(d.identity.issuer, id));
        if (row) {
            VANTHU_TRY(auto consignments, write_.consignments(row->owner, id));
            found.emplace(std::move(*row), std::move(consignments));
            for (const consignment_row& c : found->consignments) found->by_recipient.emplace(c.recipient, &c);
        }
    }
    return found ? &*found : nullptr;
}

// What came back undelivered may be sent again as it is, and a recall that was answered may be asked for again;
// anything else gets the first answer.
bool decision::may_come_again(const on_record& earlier, const std::string& recipient) {
    const auto at = earlier.by_recipient.find(recipient); // the first, where there are several
    if (at == earlier.by_recipient.end()) return false;
    const consignment_row& c = *at->second;
    const records::business_identity& i = earlier.document.identity;
    return ended_undelivered(c) || c.answer == "16" ||
           (asks_for_answer(i) && !is_replacement(i) && (c.last_status == "15" || c.last_status == "16"));
}

result<decision::standing> decision::standing_of(const document_row& d, const std::string& recipient,
                                                 records_read& seen) {
    standing s;
    VANTHU_TRY(const auto by, write_.occupations(options_.home, recipient, d.identity));
    const auto& [same, number] = by;
    if (same && same->content_sha256 == d.content_sha256) {
        VANTHU_TRY(const on_record* before, earlier(d, same->document, seen));
        bool again = before && may_come_again(*before, recipient);
        // Updates without files have one content; what they change stands in their headers.
        if (before && is_update(d.identity) && before->document.sent_at != d.sent_at) again = true;
        if (!again) {
            s.known = same->document;
            return s;
        }
    }
    if (asks_for_answer(d.identity)) return s; // a conversation is never a duplicate of another
    const auto& other = same ? same : number;
    if (!other) return s;
    if (other->content_sha256 == d.content_sha256) {
        s.new_envelope = true;
        return s;
    }
    // A refused document may be sent again under its number, corrected.
    VANTHU_TRY(const on_record* before, earlier(d, other->document, seen));
    bool gone = !before;
    if (before)
        for (auto [at, end] = before->by_recipient.equal_range(recipient); at != end && !gone; ++at) {
            VANTHU_TRY(gone, has_gone(before->document, *at->second));
        }
    if (!gone) s.clash = other->document;
    return s;
}

// Whoever has something of this identity or number has it by a document that its issuer's names lead to.
result<bool> decision::is_new_to_all(const arrival& a, const document_row& d) {
    const records::business_identity& i = d.identity;
    if (a.recipients.size() < many_recipients || (i.document_id.empty() && i.number.empty())) return false;
    for (const std::string& owner : {i.issuer, options_.home}) {
        if (!i.document_id.empty()) {
            VANTHU_TRY(auto ids, write_.documents_named(owner, i.issuer, i.document_id));
            if (!ids.empty()) return false;
        }
        if (!i.number.empty()) {
            VANTHU_TRY(auto ids,
                       write_.documents_numbered(owner, i.issuer, i.number, i.notation, i.date.substr(0, 4)));
            if (!ids.empty()) return false;
        }
        if (i.issuer == options_.home) break;
    }
    return true;
}

// Contracts 1: which recipients are new, which have this very document already, and what a clerk should be told.
result<bool> decision::check_identity(const arrival& a, const document_row& d, std::vector<routed>& fresh,
                                      std::string& known_id, std::vector<std::string>& flags) {
    const bool at_issuer = a.from->source == offer::from::eoffice;
    VANTHU_TRY(new_to_all_, is_new_to_all(a, d));
    if (new_to_all_) {
        fresh = a.recipients;
        return true;
    }
    records_read seen;
    for (const routed& r : a.recipients) {
        VANTHU_TRY(standing s, standing_of(d, r.organisation, seen));
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
