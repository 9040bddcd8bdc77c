// POST /v1/documents/{id}/replace: a new document in the place of one that was sent. It is submitted like any other,
// as metadata and files; what the metadata leaves out follows from the one it replaces. What becomes of that at each
// recipient is decided by the gate, in one change (daemon/intake/replace_decision.cpp).
#include "daemon/api/call.hpp"
#include "daemon/api/conversation.hpp"
#include "daemon/records/recalls.hpp"
#include "schemas/edxml/json.hpp"

#include <algorithm>

namespace vanthu::api {

namespace json = boost::json;

namespace {

// Taken back, by a recall or for another replacement: its sender does not want it there.
bool is_gone(const records::reader& read, const std::string& home, const records::document_row& d,
             const records::consignment_row& c) {
    auto q = read.recall(home, d.identity.issuer, d.identity.document_id, c.recipient);
    return q && *q && (*q)->document == d.id && records::took_away(**q);
}

} // namespace

asio::awaitable<net::response> eoffice::replace(call& c) {
    auto d = find_recallable(c);
    if (!d) co_return refuse(d.error(), told(d.error()));
    auto header = co_await offload(disk_, [&] { return header_of(store_, *d); });
    if (!header) co_return refuse(header.error());
    auto key = key_of(c.request);
    if (!key) co_return refuse(key.error(), told(key.error()));
    // The header of the new document, from its metadata and the old one.
    auto read = [&](json::object described) -> result<edxml::document_header> {
        std::string reason;
        if (described.if_contains("reason")) {
            VANTHU_TRY(reason, text_member(described, "reason"));
            described.erase("reason");
        }
        VANTHU_CHECK(check_reason(reason));
        VANTHU_TRY(edxml::document_header h, edxml::header_from_json(described));
        if (h.bussiness) return failed(errc::unknown_parameter, "bussiness");
        if (h.from.organ_id.empty()) h.from = header->from;
        if (h.document_type.type_name.empty()) h.document_type = header->document_type;
        const records::reader rows(store_.committed());
        VANTHU_TRY(auto all, rows.consignments(d->owner, d->id));
        auto of = [&](const std::string& code) {
            return std::ranges::find_if(all, [&](const records::consignment_row& each) {
                return each.recipient_code == code || each.recipient == c.registry->canonical(code, c.at);
            });
        };
        // The same request again is answered by its key, whatever has become of the document since by the first.
        VANTHU_TRY(auto before, rows.idempotent(d->identity.issuer, c.who->id, *key));
        if (h.to.empty())
            for (const edxml::organisation& to : header->to)
                if (auto mine = of(to.organ_id);
                    before || mine == all.end() || !is_gone(rows, options_.home, *d, *mine))
                    h.to.push_back(to);
        if (h.to.empty()) return failed(intake::errc::recall_ended, d->id);
        edxml::bussiness& b = h.bussiness.emplace();
        b.doc_type = std::to_string(int(edxml::bussiness_type::replace));
        b.doc_reason = std::move(reason);
        edxml::replacement_info old{d->identity.document_id, {}};
        for (const edxml::organisation& to : h.to)
            if (of(to.organ_id) != all.end()) old.organ_ids.push_back(to.organ_id);
        if (old.organ_ids.empty()) return failed(intake::errc::recall_recipient_unknown, h.to.front().organ_id);
        b.replacements.push_back(old);
        if (h.document_id == d->identity.document_id) return failed(intake::errc::document_id_reused, h.document_id);
        // A replacement itself: what it has not replaced yet the new one replaces in its stead.
        for (const records::replaced_row& each : d->replaces) {
            edxml::replacement_info earlier{each.document_id, {}};
            for (const std::string& code : old.organ_ids) {
                VANTHU_TRY(auto q,
                           rows.recall(options_.home, d->identity.issuer, each.document_id, of(code)->recipient));
                if (q && q->recall == d->id && q->stands != records::recall_stand::agreed &&
                    q->stands != records::recall_stand::withdrawn)
                    earlier.organ_ids.push_back(code);
            }
            if (!earlier.organ_ids.empty()) b.replacements.push_back(std::move(earlier));
        }
        return h;
    };
    intake::offer o;
    o.speaks_of = {d->owner, d->id};
    co_return co_await submit_as(c, std::move(o), read);
}

} // namespace vanthu::api
