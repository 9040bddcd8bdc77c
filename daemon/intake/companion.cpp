#include "daemon/intake/companion.hpp"

#include "daemon/base/error_table.hpp"
#include "schemas/edxml/writer.hpp"

#include <algorithm>

namespace vanthu::intake {

result<> companion::store_payload(ledger::payload_store& payloads) {
    VANTHU_TRY(status.payload, payloads.put(status.owner, as_bytes(text)));
    return {};
}

std::string words_of_agreement(std::string_view to) {
    return to == replace_agreed ? "Đồng ý thay thế: văn bản cũ chưa được eOffice tiếp nhận và đã hủy"
                                : "Đồng ý thu hồi: văn bản chưa được eOffice tiếp nhận và đã hủy";
}

result<std::unique_ptr<companion>> compose_companion(edxml::response_for about, const std::string& recipient_code,
                                                     const std::string& recipient_name, const std::string& refusal,
                                                     std::shared_ptr<const registry::registry> registry, timestamp at,
                                                     const std::string& words) {
    edxml::status_packet s;
    s.from.organ_id = recipient_code;
    s.from.organ_name = recipient_name;
    s.response_for = std::move(about);
    const bool agrees = refusal == replace_agreed || refusal == recall_agreed;
    s.status_code = agrees ? "15" : refusal.empty() ? "01" : "02";
    s.description = !words.empty()    ? words
                    : agrees          ? words_of_agreement(refusal)
                    : refusal.empty() ? "Đã đến"
                                      : describe(make_error_code(errc::signature_refused))->message_vi;
    s.timestamp = edxml::packet_time::of(at);
    auto c = std::make_unique<companion>();
    VANTHU_TRY(c->text, edxml::compose_status(s, edxml::echo::as_received));
    VANTHU_TRY(c->packet, edxml::read_packet(as_bytes(c->text)));
    c->recipient = recipient_code;
    c->agrees = agrees;
    c->from.source = offer::from::ourselves;
    c->status.from = &c->from;
    c->status.packet = &c->packet;
    c->status.owner = registry->canonical(recipient_code, at);
    c->status.registry = std::move(registry);
    c->status.at = at;
    c->status.origin_verdict = "absent";
    return c;
}

result<edxml::response_for> answered_reference(const records::reader& read, const std::string& home,
                                               const std::string& issuer,
                                               const std::vector<records::replaced_row>& replaces,
                                               edxml::response_for itself) {
    if (replaces.size() != 1) return itself;
    for (const std::string& owner : {issuer, home}) {
        VANTHU_TRY(auto ids, read.documents_named(owner, issuer, replaces.front().document_id));
        if (ids.empty()) continue;
        VANTHU_TRY(auto d, read.document(owner, ids.back()));
        if (!d) continue;
        const records::business_identity& i = d->identity;
        return edxml::response_for{d->from_code, i.number + "/" + i.notation, edxml::packet_date::parse(i.date),
                                   i.document_id};
    }
    itself.document_id = replaces.front().document_id;
    return itself;
}

timestamp not_before(std::int64_t sent_at, timestamp now) {
    const timestamp asked = from_us(sent_at);
    return asked - now < std::chrono::hours(24) ? std::max(asked, now) : now;
}

result<timestamp> answer_time(const records::reader& read, const std::string& home,
                              const records::document_row& request, const records::consignment_row& mine,
                              const std::string& code, timestamp now) {
    timestamp at = not_before(request.sent_at, now);
    // Also not before what it closes: a later request may have the row, and the answer may be given on the document.
    for (const std::string& target : {request.target, request.identity.document_id}) {
        VANTHU_TRY(auto q, read.recall(home, request.identity.issuer, target, mine.recipient));
        if (q && records::is_open(q->stands)) at = std::max(at, not_before(q->sent_at, now));
    }
    const auto same = std::ranges::find(mine.statuses, code, &records::status_seen::code);
    if (same != mine.statuses.end()) return std::max(at, from_us(same->last));
    if (mine.answer == code) return std::max(at, from_us(mine.answer_time));
    std::vector<std::string> targets{request.target};
    for (const records::replaced_row& each : request.replaces) targets.push_back(each.document_id);
    for (const std::string& target : targets) {
        VANTHU_TRY(auto q, read.recall(home, request.identity.issuer, target, mine.recipient));
        if (!q || q->document.empty()) continue;
        VANTHU_TRY(auto c, read.consignment(q->owner, q->document, q->code));
        if (!c) continue;
        for (const records::status_seen& s : c->statuses)
            if (s.code == "15" || s.code == "16") at = std::max(at, from_us(s.last) + std::chrono::seconds(1));
    }
    return at;
}

} // namespace vanthu::intake
