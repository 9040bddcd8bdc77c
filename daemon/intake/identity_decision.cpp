// Duplicates, numbers and conversations: what may be taken in beside what is on record (contracts 1).
#include "daemon/intake/decision.hpp"
#include "daemon/records/statuses.hpp"

#include <algorithm>
#include <set>

namespace vanthu::intake {

using records::consignment_row;
using records::document_row;
using records::event_row;
using records::state;

namespace {

bool ended_undelivered(const consignment_row& c) {
    return c.state_now == state::refused || c.state_now == state::expired || c.state_now == state::recalled;
}

bool is_replaced(const document_row& d) { return std::ranges::find(d.flags, "replaced") != d.flags.end(); }

} // namespace

// What came back undelivered may be sent again as it is, and a recall that was answered may be asked for again;
// anything else gets the first answer.
result<bool> decision::may_come_again(const document_row& earlier, const std::string& recipient) {
    VANTHU_TRY(auto consignments, write_.consignments(earlier.owner, earlier.id));
    for (const consignment_row& c : consignments)
        if (c.recipient == recipient)
            return ended_undelivered(c) ||
                   (asks_for_answer(earlier.identity) && (c.last_status == "15" || c.last_status == "16"));
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
    if (earlier && !is_replaced(*earlier)) {
        VANTHU_TRY(auto consignments, write_.consignments(earlier->owner, earlier->id));
        for (const consignment_row& c : consignments)
            if (c.recipient == recipient && records::has_ended(c)) earlier.reset();
        if (earlier) s.clash = other->document;
    }
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
        if (!earlier || earlier->content_sha256 == d.content_sha256 || asks_for_answer(earlier->identity) ||
            is_replaced(*earlier))
            continue;
        VANTHU_TRY(auto consignments, write_.consignments(d.owner, id));
        const bool nobody_holds_it = std::ranges::all_of(consignments, records::has_ended);
        for (const routed& r : fresh) {
            auto had = std::ranges::find(consignments, r.organisation, &consignment_row::recipient);
            if (!nobody_holds_it && (had == consignments.end() || !records::has_ended(*had)))
                return failed(errc::number_reused, id);
        }
    }
    return {};
}

// An update or replace stands on record also with the documents it speaks of: 15 and 16 answer it there too, and a
// replaced document no longer holds its number.
result<> decision::note_conversation(const edxml::document_header& h, const document_row& d) {
    std::set<std::string> targets{edxml::target_document_id(h)};
    if (h.bussiness)
        for (const edxml::replacement_info& each : h.bussiness->replacements) targets.insert(each.document_id);
    targets.erase("");
    const bool replaces = d.identity.business_type == int(edxml::bussiness_type::replace);
    for (const std::string& target : targets) {
        std::vector<std::string> ids;
        for (const std::string& owner : std::set{d.identity.issuer, options_.home}) {
            VANTHU_TRY(auto named, write_.documents_named(owner, d.identity.issuer, target));
            ids.insert(ids.end(), named.begin(), named.end());
        }
        for (const std::string& id : ids) {
            VANTHU_TRY(auto earlier, document_of(d.identity.issuer, id));
            if (!earlier || id == d.id || asks_for_answer(earlier->identity)) continue;
            VANTHU_TRY(auto theirs, write_.consignments(d.owner, d.id));
            VANTHU_TRY(auto consignments, write_.consignments(earlier->owner, id));
            for (consignment_row& c : consignments) {
                if (std::ranges::find(theirs, c.recipient, &consignment_row::recipient) == theirs.end()) continue;
                records::ask_back(c);
                write_.put(earlier->owner, c);
                VANTHU_CHECK(
                    write_.add_event(earlier->owner, event_row{.document = id,
                                                               .recipient = c.recipient_code,
                                                               .kind = replaces ? "replace_asked" : "update_asked",
                                                               .by = d.from_code,
                                                               .proof = d.packet_sha256.hex()}));
            }
            if (replaces && !is_replaced(*earlier)) {
                earlier->flags.push_back("replaced");
                write_.put(*earlier);
            }
        }
    }
    return {};
}

} // namespace vanthu::intake
