#include "schemas/peer/reconciliation.hpp"

#include "schemas/peer/object_reader.hpp"

namespace vanthu::peer {
namespace {

// `each` reads one element; the first that is wrong ends it. No list: empty.
template <class Row, class F>
result<std::vector<Row>> rows_of(const object_reader& from, const char* name, std::size_t limit, F each) {
    std::vector<Row> out;
    const json::value* list = from.find(name);
    if (!list || list->is_null()) return out;
    if (!list->is_array()) return failed(errc::malformed, name);
    if (list->get_array().size() > limit) return failed(errc::too_many_entries, name);
    for (const json::value& v : list->get_array()) {
        object_reader e(v);
        VANTHU_TRY(Row row, each(e));
        VANTHU_TRY(Row good, e.answer(std::move(row)));
        out.push_back(std::move(good));
    }
    return out;
}

std::optional<digest> optional_hash(object_reader& from, const char* name) {
    const std::string text = from.text(name);
    if (text.empty()) return std::nullopt;
    auto d = digest::from_hex(text);
    if (!d) from.note(name);
    return d ? std::optional(*d) : std::nullopt;
}

constexpr std::string_view arrival = "arrival";

std::string position(object_reader& from, const char* name) {
    std::string text = from.text(name);
    if (text.size() > reconcile_position) from.note(name);
    return text;
}

json::object object_of(const recipient_stand& r) {
    json::object o{{"recipient", r.recipient}, {"state", r.state}, {"at", r.at}};
    if (!r.reason.empty()) o.emplace("reason", r.reason);
    if (r.fetched_at) o.emplace("fetched_at", r.fetched_at);
    if (r.acked_at) o.emplace("acked_at", r.acked_at);
    if (!r.last_status.empty()) o.emplace("last_status", r.last_status);
    if (r.last_status_at) o.emplace("last_status_at", r.last_status_at);
    if (r.entries) o.emplace("entries", r.entries);
    return o;
}

result<recipient_stand> read_stand(object_reader& e) {
    recipient_stand r;
    r.recipient = e.text("recipient", true);
    r.state = e.text("state", true);
    r.reason = e.text("reason");
    r.at = e.number<std::int64_t>("at");
    r.fetched_at = e.number<std::int64_t>("fetched_at");
    r.acked_at = e.number<std::int64_t>("acked_at");
    r.last_status = e.text("last_status");
    r.last_status_at = e.number<std::int64_t>("last_status_at");
    r.entries = e.number<std::uint32_t>("entries");
    // Words and codes: what is longer is none, and would only fill our records.
    if (r.state.size() > 40 || r.reason.size() > 100 || r.last_status.size() > 40) e.note("state");
    return r;
}

} // namespace

std::string encode(const reconcile_question& q) {
    json::object o{{"schema_version", 1}};
    if (q.list) {
        json::object list{{"since", q.list->since}};
        if (q.list->after) list.emplace("after", q.list->after->hex());
        if (q.list->by_arrival) list.emplace("order", arrival);
        if (!q.list->from.empty()) list.emplace("from", q.list->from);
        o.emplace("list", std::move(list));
        return json::serialize(o);
    }
    json::array sent;
    for (const asked_packet& p : q.sent)
        sent.push_back(json::object{{"packet_sha256", p.packet_sha256.hex()}, {"recipients", array_of(p.recipients)}});
    o.emplace("sent", std::move(sent));
    return json::serialize(o);
}

result<reconcile_question> decode_reconcile_question(std::string_view text) {
    object_reader r(text);
    VANTHU_TRY(int good, r.answer(0));
    (void)good;
    reconcile_question q;
    if (const json::value* list = r.find("list")) {
        object_reader e(*list);
        asked_list asked;
        asked.after = optional_hash(e, "after");
        asked.since = e.number<std::int64_t>("since");
        asked.by_arrival = e.text("order") == arrival;
        asked.from = position(e, "from");
        VANTHU_TRY(q.list, e.answer(asked));
        if (r.find("sent")) return failed(errc::malformed, "sent, list");
        return q;
    }
    if (!r.find("sent")) return failed(errc::malformed, "sent");
    std::size_t recipients = 0;
    VANTHU_TRY(q.sent, rows_of<asked_packet>(r, "sent", reconcile_page, [&](object_reader& e) -> result<asked_packet> {
                   asked_packet p{e.hash("packet_sha256"), e.texts("recipients", true)};
                   recipients += p.recipients.size();
                   if (recipients > reconcile_recipients) return failed(errc::too_many_entries, "recipients");
                   return p;
               }));
    return q;
}

std::string encode(const reconcile_answer& a) {
    json::array sent, listed;
    for (const packet_stand& p : a.sent) {
        json::object o{{"packet_sha256", p.packet_sha256.hex()}, {"known", p.known}};
        if (p.known) {
            json::array recipients;
            for (const recipient_stand& r : p.recipients) recipients.push_back(object_of(r));
            o.emplace("content_sha256", p.content_sha256.hex());
            o.emplace("recipients", std::move(recipients));
        }
        sent.push_back(std::move(o));
    }
    for (const listed_packet& p : a.listed)
        listed.push_back(json::object{{"packet_sha256", p.packet_sha256.hex()},
                                      {"kind", p.kind},
                                      {"issuer", p.issuer},
                                      {"document_id", p.document_id},
                                      {"number", p.number},
                                      {"notation", p.notation},
                                      {"at", p.at},
                                      {"leaf", p.leaf}});
    json::object o{{"schema_version", 1}, {"sent", std::move(sent)}, {"listed", std::move(listed)}};
    if (a.next) o.emplace("next", a.next->hex());
    if (a.by_arrival) o.emplace("order", arrival);
    if (!a.next_from.empty()) o.emplace("next_from", a.next_from);
    if (!a.again_from.empty()) o.emplace("again_from", a.again_from);
    return json::serialize(o);
}

result<reconcile_answer> decode_reconcile_answer(std::string_view text) {
    object_reader r(text);
    VANTHU_TRY(int good, r.answer(0));
    (void)good;
    reconcile_answer a;
    std::size_t recipients = 0;
    VANTHU_TRY(a.sent, rows_of<packet_stand>(r, "sent", reconcile_page, [&](object_reader& e) -> result<packet_stand> {
                   packet_stand p;
                   p.packet_sha256 = e.hash("packet_sha256");
                   const json::value* known = e.find("known");
                   if (!known || !known->is_bool()) return failed(errc::malformed, "known");
                   p.known = known->get_bool();
                   if (!p.known) return p;
                   p.content_sha256 = e.hash("content_sha256");
                   VANTHU_TRY(p.recipients,
                              rows_of<recipient_stand>(e, "recipients", reconcile_recipients, read_stand));
                   recipients += p.recipients.size();
                   if (recipients > reconcile_recipients) return failed(errc::too_many_entries, "recipients");
                   return p;
               }));
    VANTHU_TRY(a.listed,
               rows_of<listed_packet>(r, "listed", reconcile_page, [](object_reader& e) -> result<listed_packet> {
                   listed_packet p;
                   p.packet_sha256 = e.hash("packet_sha256");
                   p.kind = e.text("kind").substr(0, 40);
                   p.issuer = e.text("issuer").substr(0, 200);
                   p.document_id = e.text("document_id").substr(0, 200);
                   p.number = e.text("number").substr(0, 200);
                   p.notation = e.text("notation").substr(0, 200);
                   p.at = e.number<std::int64_t>("at");
                   p.leaf = e.number<std::uint64_t>("leaf");
                   return p;
               }));
    a.next = optional_hash(r, "next");
    a.by_arrival = r.text("order") == arrival;
    a.next_from = position(r, "next_from");
    a.again_from = position(r, "again_from");
    return r.answer(std::move(a));
}

} // namespace vanthu::peer
