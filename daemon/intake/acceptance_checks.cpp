// What is asked of a packet before it is judged: who sends it, its names, number, dates and recipients, and whether
// there is room for it.
#include "daemon/intake/acceptance.hpp"

#include <unordered_set>

namespace vanthu::intake {
namespace {

// Also the C1 controls, which UTF-8 writes as C2 80 to C2 9F.
bool has_control_character(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x20 || c == 0x7f) return true;
        if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
    }
    return false;
}

// Characters that turn the direction of writing: "fdp.exe" is shown where "exe.pdf" stands (U+061C, U+200E, U+200F,
// U+202A to U+202E, U+2066 to U+2069).
bool turns_direction(std::string_view text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        if (text.substr(i, 2) == "\xd8\x9c") return true;
        if (i + 2 >= text.size() || text[i] != '\xe2') continue;
        const auto second = static_cast<unsigned char>(text[i + 1]), third = static_cast<unsigned char>(text[i + 2]);
        if (second == 0x80 && (third == 0x8e || third == 0x8f || (third >= 0xaa && third <= 0xae))) return true;
        if (second == 0x81 && third >= 0xa6 && third <= 0xa9) return true;
    }
    return false;
}

// Characters that nobody sees, so that two numbers look alike: those, the soft hyphen (U+00AD) and those without a width
// (U+200B to U+200D, U+2060 to U+2064, U+FEFF).
bool hides_something(std::string_view text) {
    if (turns_direction(text) || text.find("\xc2\xad") != text.npos || text.find("\xef\xbb\xbf") != text.npos)
        return true;
    for (std::size_t i = 0; i + 2 < text.size(); ++i) {
        if (text[i] != '\xe2') continue;
        const auto second = static_cast<unsigned char>(text[i + 1]), third = static_cast<unsigned char>(text[i + 2]);
        if (second == 0x80 && third >= 0x8b && third <= 0x8d) return true;
        if (second == 0x81 && third >= 0xa0 && third <= 0xa4) return true;
    }
    return false;
}

// A receiver will write a file of this name: it must not lead anywhere else, nor look like another one.
bool is_file_name(std::string_view name) {
    return !turns_direction(name) && name != "." && name != ".." &&
           name.find_first_of("/\\") == std::string_view::npos && !has_control_character(name);
}

} // namespace

edxml::date today(timestamp at) { return edxml::date(std::chrono::floor<std::chrono::days>(at + vietnam_offset)); }

result<> acceptance::check_announcement() const {
    if (offer_.size && *offer_.size != packet_->size) return failed(errc::size_mismatch);
    if (offer_.packet_sha256 && *offer_.packet_sha256 != packet_->packet_sha256) return failed(errc::hash_mismatch);
    bool is_document = packet_->document() != nullptr;
    if (offer_.kind && (*offer_.kind == records::document_kind::document) != is_document)
        return failed(errc::kind_mismatch);
    return {};
}

// Contracts 4, the link: the credential's organisations, or what the registry lets this peer deliver.
result<> acceptance::check_sender(std::string_view from_code, bool is_document) {
    if (offer_.source == offer::from::eoffice) {
        std::string sender = registry_->canonical(from_code, at_);
        if (std::find(offer_.may_send_for.begin(), offer_.may_send_for.end(), sender) == offer_.may_send_for.end())
            return failed(errc::sender_not_yours, std::string(from_code));
        // Nobody beyond would believe us. What lies in an inbox here is reported on from here, also after a move.
        if (is_document && !registry_->speaks_for(gate_.options_.node, from_code, at_))
            return failed(errc::sender_not_served, std::string(from_code));
    } else if (offer_.source == offer::from::peer) {
        registry::delivery_verdict v = registry_->may_deliver(gate_.options_.node, offer_.node, from_code, at_);
        if (v.right == registry::delivery_right::not_authorised)
            return failed(errc::sender_not_authorised, std::string(from_code) + " by " + offer_.node + ": " +
                                                           std::string(registry::to_string(v.reason)));
        if (v.right == registry::delivery_right::unknown_sender &&
            std::find(arrival_.flags.begin(), arrival_.flags.end(), "sender_unverified") == arrival_.flags.end())
            arrival_.flags.push_back("sender_unverified");
    }
    return {};
}

result<> acceptance::check_attachments() const {
    for (const edxml::attachment_info& a : packet_->document()->attachments) {
        for (const edxml::finding& f : a.findings)
            if (f.code == edxml::finding_code::zip_bomb) return failed(errc::attachment_inflates, a.name);
        if (offer_.source != offer::from::eoffice) continue;
        if (a.damaged) return failed(errc::attachment_damaged, a.name);
        if (a.content_size() == 0) return failed(errc::attachment_empty, a.name);
        if (!is_file_name(a.name)) return failed(errc::attachment_name_unsafe, a.name);
    }
    return {};
}

// "15/QĐ-BNV" is number 15, notation QĐ-BNV: the slash stands between the two, and a notation may hold further ones.
// What others write in its place ("15a", "BINTEST123") is carried, and shown to the clerk.
// Source: NĐ 30/2020, annex I part I II.3: a running number, in Arabic digits.
result<> acceptance::check_code() {
    const edxml::document_header& h = packet_->document()->header;
    const edxml::document_code& c = h.code;
    const bool digits = c.number.find_first_not_of("0123456789") == std::string::npos;
    const bool hides = hides_something(c.number) || hides_something(c.notation);
    if (!c.number.empty() && c.number.find_first_not_of('0') == std::string::npos)
        arrival_.flags.push_back("number_zero");
    if (offer_.source != offer::from::eoffice) {
        if (!digits) arrival_.flags.push_back("number_not_digits");
        if (hides || hides_something(h.document_id)) arrival_.flags.push_back("hidden_characters");
        return {};
    }
    // A recall, update or replace speaks of a document under the number that it has.
    const bool names_another = h.bussiness && asks_for_answer(identity_of(*packet_->document(), *registry_, at_));
    if (((!digits || hides) && !names_another) || c.number.find('/') != std::string::npos ||
        has_control_character(c.number) || has_control_character(c.notation))
        return failed(errc::number_malformed, c.number + "/" + c.notation);
    return {};
}

result<> acceptance::check_dates() {
    const edxml::document_header& h = packet_->document()->header;
    const edxml::packet_date& issued = h.promulgation.date;
    // A slip of the pen; whoever has to answer by then is to see it.
    if (issued.value && h.due_date.value && *h.due_date.value < *issued.value)
        arrival_.flags.push_back("due_before_issued");
    if (offer_.source != offer::from::eoffice) return {};
    if (!issued.empty() && !issued.value) return failed(errc::date_ambiguous, issued.text);
    if (issued.value && *issued.value > today(at_)) return failed(errc::date_in_future, issued.text);
    return {};
}

// Who of the packet's recipients is ours to serve or to carry: each organisation once, whatever codes it was given.
result<> acceptance::route_recipients() {
    std::unordered_set<std::string> seen;
    std::vector<std::string> codes;
    for (const edxml::organisation& to : packet_->document()->header.to) codes.push_back(to.organ_id);
    if (!offer_.recipients.empty()) {
        const std::unordered_set<std::string> listed(codes.begin(), codes.end());
        for (const std::string& code : offer_.recipients)
            if (!listed.contains(code)) return failed(errc::recipient_not_listed, code);
        codes = offer_.recipients;
    }
    if (codes.size() > gate_.options_.recipients)
        return failed(errc::too_many_recipients, std::to_string(codes.size()));
    for (const std::string& code : codes) {
        routed r = route_recipient(*registry_, gate_.options_.node, code, at_, offer_.node);
        if (r.route.kind == registry::route_kind::held && offer_.source == offer::from::eoffice) {
            using registry::held_reason;
            errc why = r.route.reason == held_reason::unknown_organisation ? errc::recipient_unknown
                       : r.route.reason == held_reason::no_route           ? errc::no_route
                                                                           : errc::recipient_closed;
            return failed(why, code);
        }
        if (seen.insert(r.organisation).second) arrival_.recipients.push_back(std::move(r));
    }
    return {};
}

// Before the attachments are read, unless what is on record may know it: then its bytes say whether it is the same.
result<> acceptance::check_pressure(const edxml::document_packet& d) {
    std::vector<std::string> codes = offer_.recipients;
    if (codes.empty())
        for (const edxml::organisation& to : d.header.to) codes.push_back(to.organ_id);
    const auto may = gate_.may_take(codes, offer_.node);
    if (may) return {};
    VANTHU_TRY(const bool known, perhaps_known(d, codes));
    if (!known) return may;
    arrival_.refused_if_new = may.error();
    return {};
}

// A packet whose first recipient has nothing of this identity is new, whatever the others have.
result<bool> acceptance::perhaps_known(const edxml::document_packet& d, const std::vector<std::string>& codes) const {
    const records::reader read(gate_.store_.committed());
    const records::business_identity i = identity_of(d, *registry_, at_);
    if (!offer_.idempotency_key.empty()) {
        VANTHU_TRY(auto row, read.idempotent(i.issuer, offer_.credential, offer_.idempotency_key));
        if (row) return true;
    }
    if (codes.empty()) return false;
    const routed first = route_recipient(*registry_, gate_.options_.node, codes.front(), at_, offer_.node);
    VANTHU_TRY(auto same, read.occupied(gate_.options_.home, first.organisation, i));
    return same.has_value();
}

// A recall, update or replacement.
result<> acceptance::keep_with_documents() {
    const edxml::document_header& h = packet_->document()->header;
    const edxml::bussiness_type type = edxml::bussiness_type_of(h);
    const bool replaces = type == edxml::bussiness_type::replace;
    if (!replaces && type != edxml::bussiness_type::recall && type != edxml::bussiness_type::update) return {};
    const std::string issuer = registry_->canonical(h.from.organ_id, at_);
    std::vector<std::string> targets;
    if (replaces)
        for (const records::replaced_row& each : replaced_by(h)) targets.push_back(each.document_id);
    else
        targets.push_back(edxml::target_document_id(h));
    const records::reader read(gate_.store_.committed());
    for (routed& r : arrival_.recipients) {
        VANTHU_CHECK(
            keep_with_document(read, gate_.options_.home, issuer, targets, *registry_, gate_.options_.node, r));
        if (r.route.reason == registry::held_reason::former_node_gone && offer_.source == offer::from::eoffice)
            return failed(errc::former_node_gone, r.code);
    }
    return {};
}

} // namespace vanthu::intake
