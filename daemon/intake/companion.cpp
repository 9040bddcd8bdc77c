#include "daemon/intake/companion.hpp"

#include "daemon/base/error_table.hpp"
#include "schemas/edxml/writer.hpp"

namespace vanthu::intake {

result<> companion::store_payload(ledger::payload_store& payloads) {
    VANTHU_TRY(status.payload, payloads.put(status.owner, as_bytes(text)));
    return {};
}

result<std::unique_ptr<companion>> compose_companion(edxml::response_for about, const std::string& recipient_code,
                                                     const std::string& recipient_name, const std::string& refusal,
                                                     std::shared_ptr<const registry::registry> registry, timestamp at,
                                                     const std::string& words) {
    edxml::status_packet s;
    s.from.organ_id = recipient_code;
    s.from.organ_name = recipient_name;
    s.response_for = std::move(about);
    const bool replaces = refusal == replace_agreed, agrees = replaces || refusal == recall_agreed;
    s.status_code = agrees ? "15" : refusal.empty() ? "01" : "02";
    s.description = replaces          ? "Đồng ý thay thế: văn bản cũ chưa được eOffice tiếp nhận và đã hủy"
                    : agrees          ? "Đồng ý thu hồi: văn bản chưa được eOffice tiếp nhận và đã hủy"
                    : refusal.empty() ? "Đã đến"
                    : words.empty()   ? describe(make_error_code(errc::signature_refused))->message_vi
                                      : words;
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

result<std::optional<edxml::response_for>> replaced_reference(const records::reader& read, const std::string& home,
                                                              const std::string& issuer,
                                                              const std::vector<records::replaced_row>& replaces) {
    using found = std::optional<edxml::response_for>;
    if (replaces.size() != 1) return found();
    for (const std::string& owner : {issuer, home}) {
        VANTHU_TRY(auto ids, read.documents_named(owner, issuer, replaces.front().document_id));
        if (ids.empty()) continue;
        VANTHU_TRY(auto d, read.document(owner, ids.back()));
        if (!d) continue;
        const records::business_identity& i = d->identity;
        return found({d->from_code, i.number + "/" + i.notation, edxml::packet_date::parse(i.date), i.document_id});
    }
    return found();
}

} // namespace vanthu::intake
