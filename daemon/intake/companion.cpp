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
    const bool agrees = refusal == recall_agreed;
    s.status_code = agrees ? "15" : refusal.empty() ? "01" : "02";
    s.description = agrees            ? "Đồng ý thu hồi: văn bản chưa được eOffice tiếp nhận và đã hủy"
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

} // namespace vanthu::intake
