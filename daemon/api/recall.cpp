// POST /v1/documents/{id}/recall: asks for a document back, from some or all of its recipients. The recall is a packet
// of its own (BussinessDocType 1) through the same gate as everything else; what becomes of it at each recipient is
// decided there, in one change (daemon/intake/recall_decision.cpp).
#include "daemon/api/call.hpp"
#include "daemon/api/conversation.hpp"
#include "daemon/records/recalls.hpp"
#include "schemas/edxml/accepted.hpp"
#include "schemas/edxml/writer.hpp"

#include <algorithm>

namespace vanthu::api {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_reason = 500; // characters; consumers in the field keep no more

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

struct request {
    std::string reason;
    std::vector<std::string> to; // codes; empty: everybody it can be taken back from
    std::optional<edxml::staff_info> staff;
};

result<request> request_from(std::string_view body) {
    VANTHU_TRY(json::object o, strict_object(body, "body"));
    VANTHU_CHECK(only_members(o, {"reason", "to", "staff"}));
    request r;
    VANTHU_TRY(r.reason, text_member(o, "reason"));
    VANTHU_CHECK(check_reason(r.reason));
    if (const json::value* to = o.if_contains("to"); to && !to->is_null()) {
        const json::array* codes = to->if_array();
        if (!codes || codes->empty()) return failed(errc::bad_parameter, "to");
        for (const json::value& each : *codes) {
            if (!each.is_string() || each.get_string().empty()) return failed(errc::bad_parameter, "to");
            r.to.emplace_back(each.get_string());
        }
    }
    VANTHU_TRY(r.staff, staff_member(o));
    return r;
}

} // namespace

result<> check_reason(std::string_view reason) {
    if (reason.find_first_not_of(" \t\r\n") == std::string::npos || characters(reason) > longest_reason)
        return failed(intake::errc::recall_reason_missing, "reason");
    return {};
}

result<edxml::document_header> header_of(ledger::store& store, const records::document_row& d) {
    VANTHU_TRY(ledger::payload_ref ref, ledger::payload_ref::decode(d.payload));
    VANTHU_TRY(auto source, store.payloads().open_reader(ref));
    std::optional<edxml::document_header> header;
    edxml::packet_reader reader(edxml::of_what_was_accepted());
    reader.on_header([&](const edxml::packet& so_far) -> result<> {
        if (so_far.document()) header = so_far.document()->header;
        return failed(intake::errc::recall_not_document); // enough
    });
    bytes chunk(64u << 10);
    while (!header) {
        VANTHU_TRY(std::size_t n, source->read(chunk));
        if (n == 0) break;
        if (auto fed = reader.feed(bytes_view(chunk.data(), n)); !fed && !header) return fail(fed.error());
    }
    if (!header) {
        VANTHU_TRY(edxml::packet whole, reader.finish());
        if (!whole.document()) return failed(intake::errc::recall_not_document, d.id);
        header = whole.document()->header;
    }
    return std::move(*header);
}

// What a recall by this call speaks of: sent by an organisation of the credential, and a document.
result<records::document_row> eoffice::find_recallable(const call& c) const {
    auto d = find_document(c);
    if (d) {
        if (d->kind != records::document_kind::document ||
            (d->identity.business_type != 0 && d->identity.business_type != int(edxml::bussiness_type::replace)))
            return failed(intake::errc::recall_not_document, d->id);
        if (d->identity.document_id.empty()) return failed(intake::errc::recall_without_id, d->id);
        return d;
    }
    if (d.error().code != records::errc::document_unknown) return d;
    // It may be one that the same key can see, but that somebody else has sent.
    if (find_entry(c)) return failed(intake::errc::recall_not_sender, c.parameters.at(0));
    const records::reader read(store_.committed());
    VANTHU_TRY(auto brought, read.consignments(options_.home, c.parameters.at(0)));
    for (const std::string& code : c.who->organisations)
        if (std::ranges::find(brought, c.registry->canonical(code, c.at), &records::consignment_row::recipient) !=
            brought.end())
            return failed(intake::errc::recall_not_sender, c.parameters.at(0));
    return d;
}

// Whom to ask, by their codes in the packet: those named, or everybody who can still be asked.
result<std::vector<std::string>> eoffice::recall_recipients(const call& c, const records::document_row& d,
                                                            const std::vector<std::string>& named) const {
    const records::reader read(store_.committed());
    VANTHU_TRY(auto all, read.consignments(d.owner, d.id));
    std::vector<std::string> out;
    for (const std::string& code : named) {
        const std::string organisation = c.registry->canonical(code, c.at);
        auto at = std::ranges::find_if(all, [&](const records::consignment_row& each) {
            return each.recipient_code == code || each.recipient == organisation;
        });
        if (at == all.end()) return failed(intake::errc::recall_recipient_unknown, code);
        if (std::ranges::find(out, at->recipient_code) == out.end()) out.push_back(at->recipient_code);
    }
    if (!named.empty()) return out;
    bool asked = false;
    for (const records::consignment_row& each : all) {
        VANTHU_TRY(auto q, read.recall(options_.home, d.identity.issuer, d.identity.document_id, each.recipient));
        const bool of_this = q && q->document == d.id;
        const bool open = of_this && records::is_open(q->stands);
        asked = asked || open;
        if (!records::has_ended(each) && !open && !(of_this && records::took_away(*q)))
            out.push_back(each.recipient_code);
    }
    if (out.empty()) return failed(asked ? intake::errc::recall_already_asked : intake::errc::recall_ended, d.id);
    return out;
}

asio::awaitable<net::response> eoffice::recall(call& c) {
    auto key = key_of(c.request);
    if (!key) co_return refuse(key.error(), told(key.error()));
    running_request hold(*this, c.who->id, *key);
    if (!hold.mine())
        co_return net::error_response(intake::errc::still_running, {.retry_after = std::chrono::seconds(2)});
    auto done = co_await recall_by(c, *key);
    if (done) co_return std::move(*done);
    log::info("recall_refused", {{"credential", c.who->id}, {"failure", done.error()}});
    co_return refuse(done.error(), told(done.error()));
}

// The same for every answer to the same request: only what never changes stands in it (contracts 1).
result<net::response> eoffice::recall_answer(const std::string& document, const records::document_row& recall,
                                             const std::string& receipt) const {
    net::response out =
        answer(201, json::object{{"schema_version", 1},
                                 {"document_id", document},
                                 {"recall_id", recall.id},
                                 {"recipients", json::array(recall.to_codes.begin(), recall.to_codes.end())},
                                 {"receipt", receipt}});
    out.fields.set("Location", "/v1/documents/" + recall.id);
    return out;
}

// An Idempotency-Key seen before answers what it answered first, whatever has become of the document since.
result<std::optional<net::response>> eoffice::answered_before(const call& c, const records::document_row& d,
                                                              const std::string& key, const digest& request) const {
    using found = std::optional<net::response>;
    if (key.empty()) return found();
    const records::reader read(store_.committed());
    VANTHU_TRY(auto row, read.idempotent(d.identity.issuer, c.who->id, key));
    if (!row) return found();
    if (row->request_sha256 != request) return failed(intake::errc::idempotency_conflict);
    VANTHU_TRY(auto before, read.document(row->body, row->document));
    if (!before) return failed(records::errc::document_unknown, row->document);
    VANTHU_TRY(std::string receipt, log_.receipt_bytes(store_.committed(), before->log_origin, before->leaf));
    VANTHU_TRY(net::response out, recall_answer(d.id, *before, receipt));
    return found(std::move(out));
}

task<net::response> eoffice::recall_by(call& c, const std::string& key) {
    VANTHU_CO_TRY(records::document_row d, find_recallable(c));
    std::string_view type = c.request.fields.get("Content-Type");
    if (!net::equal_without_case(type.substr(0, type.find_first_of("; ")), "application/json"))
        co_return net::error_response(errc::unsupported_media_type, {.cause = "application/json"});
    VANTHU_CO_TRY(bytes text, co_await net::read_all(c.request.body, 1u << 20));
    const digest request_sha256 = sha256::of("recall " + d.id + "\n" + std::string(as_text(text)));
    VANTHU_CO_TRY(auto before, answered_before(c, d, key, request_sha256));
    if (before) co_return std::move(*before);
    VANTHU_CO_TRY(request asked, request_from(as_text(text)));
    VANTHU_CO_TRY(std::vector<std::string> codes, recall_recipients(c, d, asked.to));

    auto read = [&] { return header_of(store_, d); };
    VANTHU_CO_TRY(edxml::document_header h, co_await offload(disk_, read));
    std::erase_if(
        h.to, [&](const edxml::organisation& each) { return std::ranges::find(codes, each.organ_id) == codes.end(); });
    edxml::bussiness& b = h.bussiness.emplace();
    b.doc_type = std::to_string(int(edxml::bussiness_type::recall));
    b.doc_reason = asked.reason;
    b.document_id = d.identity.document_id;
    b.staff = std::move(asked.staff);
    // Asked again after a denial it is another packet, also within the same second.
    timestamp at = c.at;
    for (const edxml::organisation& each : h.to) {
        VANTHU_CO_TRY(auto q, records::reader(store_.committed())
                                  .recall(options_.home, d.identity.issuer, d.identity.document_id,
                                          c.registry->canonical(each.organ_id, c.at)));
        if (q && q->sent_at) at = std::max(at, from_us(q->sent_at) + std::chrono::seconds(1));
    }
    h.trace.assign(1, {h.from.organ_id, edxml::packet_time::of(at)});
    // As received: what was accepted once can be taken back, also where it breaks the standard.
    VANTHU_CO_TRY(auto pieces, edxml::compose_outgoing({.header = std::move(h)}, std::nullopt));
    std::string packet;
    for (const edxml::piece& p : pieces)
        if (const auto* part = std::get_if<std::string>(&p)) packet += *part;

    intake::offer o;
    o.source = intake::offer::from::eoffice;
    o.credential = c.who->id;
    for (const std::string& code : c.who->organisations) o.may_send_for.push_back(c.registry->canonical(code, c.at));
    o.speaks_of = {d.owner, d.id};
    o.idempotency_key = key;
    o.request_sha256 = request_sha256;
    net::memory_body body(std::move(packet));
    VANTHU_CO_TRY(intake::accepted a, co_await gate_.accept(std::move(o), body));
    co_return recall_answer(d.id, a.document, a.receipt);
}

} // namespace vanthu::api
