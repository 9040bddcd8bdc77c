// POST /v1/documents/{id}/update: what has changed of a document that was sent. As metadata and files it brings new
// content to those who have the document; as JSON it adds and removes recipients. It is a packet of its own (type 2);
// what becomes of it at each recipient is decided by the gate (daemon/intake/update_decision.cpp).
#include "daemon/api/call.hpp"
#include "daemon/api/conversation.hpp"
#include "daemon/records/recalls.hpp"
#include "schemas/edxml/accepted.hpp"
#include "schemas/edxml/json.hpp"
#include "schemas/edxml/writer.hpp"

#include <algorithm>

namespace vanthu::api {

namespace json = boost::json;

namespace {

result<std::vector<std::string>> codes_in(const json::object& o, std::string_view name) {
    std::vector<std::string> out;
    const json::value* list = o.if_contains(name);
    if (!list || list->is_null()) return out;
    if (!list->is_array()) return failed(errc::bad_parameter, std::string(name));
    for (const json::value& each : list->get_array()) {
        if (!each.is_string() || each.get_string().empty()) return failed(errc::bad_parameter, std::string(name));
        if (std::ranges::find(out, std::string_view(each.get_string())) == out.end())
            out.emplace_back(each.get_string());
    }
    return out;
}

// What was composed of a stored packet: texts, and ranges of it.
class spliced_body final : public net::body_source {
public:
    spliced_body(std::vector<edxml::piece> pieces, ledger::store& store, ledger::payload_ref ref,
                 asio::thread_pool& disk)
        : pieces_(std::move(pieces)), store_(store), ref_(std::move(ref)), disk_(disk) {}
    task<std::size_t> read_some(std::span<std::uint8_t> out) override {
        for (; piece_ < pieces_.size(); ++piece_, at_ = 0) {
            if (const auto* text = std::get_if<std::string>(&pieces_[piece_])) {
                const std::size_t n = std::min<std::size_t>(out.size(), text->size() - at_);
                std::copy_n(text->begin() + static_cast<std::ptrdiff_t>(at_), n, out.begin());
                at_ += n;
                if (n) co_return n;
            } else if (const auto* range = std::get_if<edxml::raw_range>(&pieces_[piece_])) {
                const std::uint64_t n = std::min<std::uint64_t>(out.size(), range->length - at_);
                if (n == 0) continue;
                auto read = [&] { return store_.payloads().read(ref_, range->offset + at_, n); };
                VANTHU_CO_TRY(bytes part, co_await offload(disk_, read));
                if (part.empty()) co_return failed(records::errc::row_unreadable, "payload");
                std::ranges::copy(part, out.begin());
                at_ += part.size();
                co_return part.size();
            }
        }
        co_return std::size_t{0};
    }

private:
    std::vector<edxml::piece> pieces_;
    ledger::store& store_;
    ledger::payload_ref ref_;
    asio::thread_pool& disk_;
    std::size_t piece_ = 0;
    std::uint64_t at_ = 0;
};

edxml::bussiness update_of(const records::document_row& d, std::string reason, bool content, bool receivers) {
    edxml::bussiness b;
    b.doc_type = std::to_string(int(edxml::bussiness_type::update));
    b.doc_reason = std::move(reason);
    b.document_id = d.identity.document_id;
    b.document_info = edxml::bussiness_document_info{content ? "1" : "0", receivers ? "1" : "0", {}};
    return b;
}

// Each one is another packet, also within the same second.
result<timestamp> sent_after(const records::reader& read, const std::string& home, const records::document_row& d,
                             const std::vector<records::consignment_row>& all, timestamp at) {
    for (const records::consignment_row& each : all) {
        VANTHU_TRY(auto q, read.recall(home, d.identity.issuer, d.identity.document_id, each.recipient));
        if (q && q->sent_at) at = std::max(at, from_us(q->sent_at) + std::chrono::seconds(1));
    }
    return at;
}

} // namespace

result<edxml::document_packet> packet_of(ledger::store& store, const records::document_row& d) {
    VANTHU_TRY(ledger::payload_ref ref, ledger::payload_ref::decode(d.payload));
    VANTHU_TRY(auto source, store.payloads().open_reader(ref));
    edxml::packet_reader reader(edxml::of_what_was_accepted());
    bytes chunk(256u << 10);
    for (;;) {
        VANTHU_TRY(std::size_t n, source->read(chunk));
        if (n == 0) break;
        VANTHU_CHECK(reader.feed(bytes_view(chunk.data(), n)));
    }
    VANTHU_TRY(edxml::packet whole, reader.finish());
    if (!whole.document()) return failed(intake::errc::recall_not_document, d.id);
    return *whole.document();
}

asio::awaitable<net::response> eoffice::update(call& c) {
    auto d = find_recallable(c);
    if (!d) co_return refuse(d.error(), told(d.error()));
    std::string_view type = c.request.fields.get("Content-Type");
    if (net::equal_without_case(type.substr(0, type.find_first_of("; ")), "application/json")) {
        auto key = key_of(c.request);
        if (!key) co_return refuse(key.error(), told(key.error()));
        running_request hold(*this, c.who->id, *key);
        if (!hold.mine())
            co_return net::error_response(intake::errc::still_running, {.retry_after = std::chrono::seconds(2)});
        auto done = co_await update_recipients(c, *d, *key);
        if (done) co_return std::move(*done);
        log::info("update_refused", {{"credential", c.who->id}, {"failure", done.error()}});
        co_return refuse(done.error(), told(done.error()));
    }
    auto header = co_await offload(disk_, [&] { return header_of(store_, *d); });
    if (!header) co_return refuse(header.error());
    auto key = key_of(c.request);
    if (!key) co_return refuse(key.error(), told(key.error()));
    // The document's own header with what the metadata say otherwise; to those who have it.
    auto read = [&](json::object described) -> result<edxml::document_header> {
        VANTHU_TRY(std::string reason, text_member(described, "reason"));
        VANTHU_CHECK(check_reason(reason));
        VANTHU_CHECK(only_members(described, {"reason", "subject", "content", "due_date"}));
        described.erase("reason");
        VANTHU_TRY(edxml::document_header said, edxml::header_from_json(described));
        edxml::document_header h = *header;
        if (!said.subject.empty()) h.subject = said.subject;
        if (!said.content.empty()) h.content = said.content;
        if (!said.due_date.empty()) h.due_date = said.due_date;
        const records::reader rows(store_.committed());
        VANTHU_TRY(auto all, rows.consignments(d->owner, d->id));
        // The same request again is answered by its key, whatever has become of the document since.
        VANTHU_TRY(auto before, rows.idempotent(d->identity.issuer, c.who->id, *key));
        std::erase_if(h.to, [&](const edxml::organisation& to) {
            auto at = std::ranges::find(all, to.organ_id, &records::consignment_row::recipient_code);
            return at == all.end() || (!before && records::has_ended(*at));
        });
        if (h.to.empty()) return failed(intake::errc::recall_ended, d->id);
        VANTHU_TRY(timestamp at, sent_after(rows, options_.home, *d, all, c.at));
        h.trace.assign(1, {h.from.organ_id, edxml::packet_time::of(at)});
        h.bussiness = update_of(*d, std::move(reason), true, false);
        return h;
    };
    intake::offer o;
    o.speaks_of = {d->owner, d->id};
    co_return co_await submit_as(c, std::move(o), read);
}

// Whom it adds gets the document's own files with it; without any it carries none.
task<net::response> eoffice::update_recipients(call& c, const records::document_row& d, const std::string& key) {
    VANTHU_CO_TRY(bytes text, co_await net::read_all(c.request.body, 1u << 20));
    const digest request_sha256 = sha256::of("update " + d.id + "\n" + std::string(as_text(text)));
    VANTHU_CO_TRY(auto before, answered_before(c, d, key, request_sha256));
    if (before) co_return std::move(*before);
    VANTHU_CO_TRY(json::object o, strict_object(as_text(text), "body"));
    VANTHU_CO_CHECK(only_members(o, {"reason", "add", "remove"}));
    VANTHU_CO_TRY(std::string reason, text_member(o, "reason"));
    VANTHU_CO_CHECK(check_reason(reason));
    VANTHU_CO_TRY(std::vector<std::string> add, codes_in(o, "add"));
    VANTHU_CO_TRY(std::vector<std::string> remove, codes_in(o, "remove"));

    VANTHU_CO_TRY(edxml::document_packet p, co_await offload(disk_, [&] { return packet_of(store_, d); }));
    const records::reader rows(store_.committed());
    VANTHU_CO_TRY(auto all, rows.consignments(d.owner, d.id));
    auto of = [&](const std::string& code) {
        return std::ranges::find_if(all, [&](const records::consignment_row& each) {
            return each.recipient_code == code || each.recipient == c.registry->canonical(code, c.at);
        });
    };
    edxml::bussiness b = update_of(d, std::move(reason), false, true);
    for (std::string& code : remove) {
        auto at = of(code);
        if (at == all.end()) co_return failed(intake::errc::recall_recipient_unknown, code);
        if (records::has_ended(*at)) co_return failed(intake::errc::recall_ended, code);
        b.document_info->receivers.push_back({"0", code = at->recipient_code});
    }
    edxml::document_header& h = p.header;
    std::erase_if(h.to, [&](const edxml::organisation& to) {
        auto at = of(to.organ_id);
        return at == all.end() || records::has_ended(*at);
    });
    for (const std::string& code : add) {
        const auto at = of(code);
        if (at != all.end() && !records::has_ended(*at)) continue; // has it
        b.document_info->receivers.push_back({"1", code});
        edxml::organisation to{.organ_id = code};
        if (auto r = c.registry->resolve(code, c.at); r.known()) to.organ_name = r.found->name(c.at);
        h.to.push_back(std::move(to));
    }
    const bool adds = std::ranges::any_of(b.document_info->receivers,
                                          [](const edxml::receiver_change& r) { return r.receiver_type == "1"; });
    if (b.document_info->receivers.empty()) co_return failed(intake::errc::nothing_changed, d.id);
    if (!adds) {
        p.attachments.clear();
        p.manifest.clear();
    }
    h.bussiness = std::move(b);
    VANTHU_CO_TRY(timestamp at, sent_after(rows, options_.home, d, all, c.at));
    h.trace.assign(1, {h.from.organ_id, edxml::packet_time::of(at)});
    VANTHU_CO_TRY(auto pieces, edxml::compose_outgoing(p, std::nullopt));
    VANTHU_CO_TRY(ledger::payload_ref ref, ledger::payload_ref::decode(d.payload));

    intake::offer offered;
    offered.source = intake::offer::from::eoffice;
    offered.credential = c.who->id;
    for (const std::string& code : c.who->organisations)
        offered.may_send_for.push_back(c.registry->canonical(code, c.at));
    offered.speaks_of = {d.owner, d.id};
    offered.idempotency_key = key;
    offered.request_sha256 = request_sha256;
    spliced_body body(std::move(pieces), store_, std::move(ref), disk_);
    VANTHU_CO_TRY(intake::accepted a, co_await gate_.accept(std::move(offered), body));
    co_return recall_answer(d.id, a.document, a.receipt);
}

} // namespace vanthu::api
