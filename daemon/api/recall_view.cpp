#include "daemon/api/recall_view.hpp"

#include "daemon/api/deadlines.hpp"
#include "daemon/records/recalls.hpp"
#include "schemas/edxml/packet.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::api {

namespace json = boost::json;
using records::recall_stand;
using records::state;

namespace {

struct sentence {
    std::string vi, en;
};

std::string name_of(const std::string& code, const ladder_context& context) {
    if (const registry::node* n = context.registry.find_node(code))
        if (const registry::organisation* o = context.registry.find_organisation(n->organisation))
            return std::string(o->name(context.now));
    if (auto r = context.registry.resolve(code, context.now); r.known()) return std::string(r.found->name(context.now));
    return code;
}

// `request`: the recall's own consignment, where it travels.
sentence on_the_way(const records::consignment_row* request, const ladder_context& context) {
    if (!request || request->hop.empty())
        return {"Đã yêu cầu thu hồi; chờ nơi nhận trả lời 15 (đồng ý) hoặc 16 (từ chối).",
                "Asked for it back; the recipient answers 15 (agreed) or 16 (denied)."};
    const std::string hop = name_of(request->hop, context);
    switch (request->state_now) {
    case state::refused:
        return {
            fmt::format("Yêu cầu thu hồi bị {} trả lại: {} Liên hệ trực tiếp nơi nhận.", hop,
                        reason_text(request->reason, true)),
            fmt::format("{} returned the recall: {} Call the recipient.", hop, reason_text(request->reason, false))};
    case state::expired:
        return {"Yêu cầu thu hồi không gửi được trong thời hạn; liên hệ trực tiếp nơi nhận.",
                "The recall could not be sent in time; call the recipient."};
    case state::delivered:
        return {
            fmt::format("Yêu cầu thu hồi đã bàn giao cho {}; chờ nơi nhận trả lời 15 (đồng ý) hoặc 16 (từ chối).", hop),
            fmt::format("{} has the recall; the recipient answers 15 (agreed) or 16 (denied).", hop)};
    default:
        return {fmt::format("Văn bản đã đi tiếp; yêu cầu thu hồi đang chờ chuyển tới {} theo cùng đường.", hop),
                fmt::format("The document has gone on; the recall is queued for {}, the same way.", hop)};
    }
}

sentence words_for(const records::recall_row& q, const records::consignment_row* request,
                   const records::consignment_row& c, const ladder_context& context,
                   const std::optional<timestamp>& answer_by) {
    switch (q.stands) {
    case recall_stand::fenced:
        return {"Đang gửi dở khi có yêu cầu thu hồi: nếu lần gửi này không tới nơi thì văn bản được rút ngay, nếu tới "
                "thì yêu cầu thu hồi đi theo.",
                "An attempt was under way when it was asked for back: if that fails the document is withdrawn, else "
                "the recall follows it."};
    case recall_stand::asked:
        return on_the_way(request, context);
    case recall_stand::before_clerk:
        return {fmt::format("Bên gửi yêu cầu thu hồi; văn thư nơi nhận trả lời 15 (đồng ý) hoặc 16 (từ chối) trước {}.",
                            time_in_vietnam(*answer_by)),
                fmt::format("The sender asks for it back; the recipient's clerk answers 15 (agreed) or 16 (denied) by "
                            "{}.",
                            time_in_vietnam(*answer_by))};
    case recall_stand::withdrawn: {
        const std::string where = name_of(q.where, context);
        return {fmt::format("Đã thu hồi: văn bản được rút tại {} trước khi tới nơi nhận.", where),
                fmt::format("Recalled: {} stopped the document before it reached the recipient.", where)};
    }
    case recall_stand::agreed:
        return {"Đã thu hồi: nơi nhận đồng ý (15) và hủy văn bản đến.",
                "Recalled: the recipient agreed (15) and cancelled the document."};
    case recall_stand::denied:
        return {"Nơi nhận từ chối thu hồi (16); văn bản vẫn còn hiệu lực tại nơi nhận.",
                "The recipient denied the recall (16); the document stands there."};
    case recall_stand::ended:
        break;
    }
    return c.last_status == "02" ? sentence{"Không cần thu hồi: nơi nhận đã từ chối tiếp nhận (02).",
                                            "Nothing to recall: the recipient had refused it (02)."}
                                 : sentence{"Không cần thu hồi: văn bản không tới nơi nhận (bị trả lại hoặc quá hạn).",
                                            "Nothing to recall: the document did not reach the recipient (returned or "
                                            "expired)."};
}

// A replacement, from the side of what it replaces and from its own.
sentence words_of_replacement(const records::recall_row& q, const records::consignment_row* request,
                              const records::consignment_row* old, const ladder_context& context,
                              const std::optional<timestamp>& answer_by) {
    switch (q.stands) {
    case recall_stand::fenced:
        return {"Văn bản cũ đang gửi dở khi bị thay thế: nếu lần gửi này không tới nơi thì chỉ văn bản mới được gửi, "
                "nếu tới thì văn bản mới đi theo.",
                "An attempt of the old document was under way when it was replaced: if that fails only the new one "
                "goes, else the new one follows it."};
    case recall_stand::asked:
        if (request && request->state_now == state::parked && request->hop.empty())
            return {"Văn bản thay thế đang được giữ lại chờ xem xét; cho tới khi được chuyển đi, văn bản cũ vẫn đi như "
                    "thường.",
                    "The replacement is held for an operator to look at; until it is released the old document goes on "
                    "as before."};
        return {"Đã gửi văn bản thay thế; chờ nơi nhận trả lời 15 (đồng ý) hoặc 16 (từ chối).",
                "The replacement has been sent; the recipient answers 15 (agreed) or 16 (denied)."};
    case recall_stand::before_clerk:
        return {fmt::format("Bên gửi thay thế văn bản này bằng văn bản mới; văn thư nơi nhận trả lời 15 (đồng ý) hoặc "
                            "16 (từ chối) trước {}.",
                            time_in_vietnam(*answer_by)),
                fmt::format("The sender puts a new document in its place; the recipient's clerk answers 15 (agreed) or "
                            "16 (denied) by {}.",
                            time_in_vietnam(*answer_by))};
    case recall_stand::withdrawn: {
        const std::string where = name_of(q.where, context);
        return {fmt::format("Đã thay thế: văn bản cũ được rút tại {} trước khi tới nơi nhận.", where),
                fmt::format("Replaced: {} stopped the old document before it reached the recipient.", where)};
    }
    case recall_stand::agreed:
        return {"Đã thay thế: nơi nhận hủy văn bản cũ và nhận văn bản mới (15).",
                "Replaced: the recipient cancelled the old document and took the new one (15)."};
    case recall_stand::denied:
        return {"Nơi nhận từ chối thay thế (16); văn bản cũ vẫn còn hiệu lực tại nơi nhận.",
                "The recipient denied the replacement (16); the old document stands there."};
    case recall_stand::ended:
        break;
    }
    return old && records::has_ended(*old)
               ? sentence{"Không còn văn bản cũ để thay thế tại nơi nhận; văn bản mới được gửi như văn bản thường.",
                          "No old document was left to replace at the recipient; the new one goes as an ordinary one."}
               : sentence{"Văn bản thay thế đã bị thu hồi, bị thay thế tiếp hoặc bị từ chối; văn bản cũ không bị thay "
                          "thế bởi văn bản đó.",
                          "The replacement was itself taken back, replaced or refused; the old document is not "
                          "replaced by it."};
}

// An update, which leaves the document where it is.
sentence words_of_update(const records::recall_row& q, const std::optional<timestamp>& answer_by) {
    switch (q.stands) {
    case recall_stand::before_clerk:
        return {
            fmt::format("Bên gửi yêu cầu cập nhật; văn thư nơi nhận trả lời 15 (đồng ý) hoặc 16 (từ chối) trước {}.",
                        time_in_vietnam(*answer_by)),
            fmt::format("The sender asks for an update; the recipient's clerk answers 15 (agreed) or 16 (denied) by "
                        "{}.",
                        time_in_vietnam(*answer_by))};
    case recall_stand::agreed:
        return {"Đã cập nhật: nơi nhận đồng ý (15).", "Updated: the recipient agreed (15)."};
    case recall_stand::denied:
        return {"Nơi nhận từ chối cập nhật (16); văn bản tại nơi nhận giữ nguyên.",
                "The recipient denied the update (16); the document there stays as it was."};
    case recall_stand::ended:
        return {"Không còn văn bản để cập nhật tại nơi nhận này.", "No document was left to update at this recipient."};
    default:
        return {"Đã yêu cầu cập nhật; chờ nơi nhận trả lời 15 (đồng ý) hoặc 16 (từ chối).",
                "An update has been asked for; the recipient answers 15 (agreed) or 16 (denied)."};
    }
}

bool is_answered(const records::recall_row& q) {
    return (q.stands == recall_stand::agreed || q.stands == recall_stand::denied) && q.answered_at;
}

// Since when the recipient's clerk has it before him, or had. nullopt: it never was, or is not known to be.
result<std::optional<timestamp>> before_clerk_since(const records::reader& read, const records::recall_row& q,
                                                    const records::consignment_row* request, kept_times& kept) {
    const bool waits = q.stands == recall_stand::before_clerk;
    const bool answered = is_answered(q);
    if (!waits && !answered && q.stands != recall_stand::asked) return std::nullopt;
    if (waits || (request && request->hop == "local")) {
        if (request && !request->inbox_id.empty()) {
            VANTHU_TRY(auto entry, read.inbox_entry(request->recipient, request->inbox_id));
            if (entry) return from_us(entry->created_at);
        }
        return waits ? std::optional(from_us(q.asked_at)) : std::nullopt;
    }
    if (q.recall.empty()) return std::nullopt;
    auto [known, fresh] = kept.try_emplace(q.recall);
    if (fresh) {
        VANTHU_TRY(auto events, read.events_of(q.recall_owner, q.recall));
        for (const records::event_row& e : events)
            if (tells_kept(e))
                known->second.emplace(e.recipient, from_us(e.claimed_at > 0 ? std::min(e.claimed_at, e.at) : e.at));
    }
    const auto at = known->second.find(q.asked_code);
    return at == known->second.end() ? std::nullopt : std::optional(at->second);
}

constexpr int update = int(edxml::bussiness_type::update), replace = int(edxml::bussiness_type::replace);

result<json::object> request_json(const records::reader& read, const records::recall_row& q,
                                  const records::document_row& d, const records::consignment_row& c,
                                  const ladder_context& context, kept_times& kept, json::object& to) {
    std::optional<records::consignment_row> request, old;
    if (!q.recall.empty()) {
        VANTHU_TRY(request, read.consignment(q.recall_owner, q.recall, q.asked_code));
    }
    if (!q.document.empty()) {
        VANTHU_TRY(old, read.consignment(q.owner, q.document, q.code));
    }
    VANTHU_TRY(auto since, before_clerk_since(read, q, request ? &*request : nullptr, kept));
    std::optional<timestamp> answer_by;
    if (since) answer_by = registered_by(context.office.days, context.office.margins, *since, d.priority > 0);
    const sentence words = q.asks == replace  ? words_of_replacement(q, request ? &*request : nullptr,
                                                                    old ? &*old : nullptr, context, answer_by)
                           : q.asks == update ? words_of_update(q, answer_by)
                                              : words_for(q, request ? &*request : nullptr, c, context, answer_by);
    json::object o{{"stands", boost::describe::enum_to_string(q.stands, "unknown")},
                   {"text_vi", words.vi},
                   {"text_en", words.en},
                   {"reason", q.reason},
                   {"by", q.by},
                   {"asked_at", to_rfc3339(from_us(q.asked_at))},
                   {"recall_id", q.recall},
                   {"answered_at", q.answered_at ? json::value(to_rfc3339(from_us(q.answered_at))) : nullptr}};
    if (answer_by) {
        o["answer_by"] = to_rfc3339(*answer_by);
        const std::optional<timestamp> answered = is_answered(q) ? std::optional(from_us(q.answered_at)) : std::nullopt;
        json::object duty = deadline(calendar::duty::answered, *answer_by, answered, context.office, context.now);
        o["answer_state"] = duty.at("state");
        o["late"] = !answered && context.now > *answer_by;
        // A replacement of several has one answer, and so one duty.
        json::value* all = to.if_contains("deadlines");
        if (all && std::ranges::find(all->as_array(), json::value(duty)) == all->as_array().end())
            all->as_array().push_back(std::move(duty));
    }
    if (q.asks == 1) return o;
    // The other one of the two, for who reads the inbox.
    const bool is_request = q.recall == d.id;
    const auto& other = is_request ? old : request;
    o["document_id"] = q.target;
    if (q.asks == replace && !is_request) {
        VANTHU_TRY(auto by, read.document(q.recall_owner, q.recall));
        o["document_id"] = by ? by->identity.document_id : "";
    }
    o["inbox_id"] = other && !other->inbox_id.empty() ? json::value(other->inbox_id) : nullptr;
    return o;
}

} // namespace

result<std::optional<json::object>> add_conversations(json::object& to, const records::reader& read,
                                                      const records::document_row& d, const records::consignment_row& c,
                                                      const ladder_context& context, kept_times& kept) {
    std::optional<json::object> why;
    json::array replaces;
    for (const records::replaced_row& each : d.replaces) {
        VANTHU_TRY(auto q, read.recall(context.home, d.identity.issuer, each.document_id, c.recipient));
        if (!q || q->recall != d.id) continue;
        VANTHU_TRY(json::object o, request_json(read, *q, d, c, context, kept, to));
        // What became of the old one explains the new one only where that is denied its place.
        if (q->stands == recall_stand::denied || q->stands == recall_stand::before_clerk) why = o;
        replaces.emplace_back(std::move(o));
    }
    if (!replaces.empty()) to["replaces"] = std::move(replaces);
    const bool is_request = !d.target.empty();
    VANTHU_TRY(auto q, read.recall(context.home, d.identity.issuer, is_request ? d.target : d.identity.document_id,
                                   c.recipient));
    if (!q || (is_request ? q->recall : q->document) != d.id) return why; // not of this one, or an earlier one
    VANTHU_TRY(json::object o, request_json(read, *q, d, c, context, kept, to));
    // From then on this is what it waits for; denied, it goes on as before.
    if (q->stands != recall_stand::denied && q->asks != update) why = o;
    to[q->asks == replace  ? "replaced_by"
       : q->asks == update ? (is_request ? "updates" : "update")
                           : "recall"] = std::move(o);
    return why;
}

} // namespace vanthu::api
