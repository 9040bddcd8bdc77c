#include "daemon/api/recall_view.hpp"

#include "daemon/api/deadlines.hpp"

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

} // namespace

result<std::optional<json::object>> recall_json(const records::reader& read, const records::document_row& d,
                                                const records::consignment_row& c, const ladder_context& context) {
    using found = std::optional<json::object>;
    if (!c.asked_back) return found();
    const bool is_request = !d.target.empty();
    VANTHU_TRY(auto q, read.recall(context.home, d.identity.issuer, is_request ? d.target : d.identity.document_id,
                                   c.recipient));
    if (!q || (is_request ? q->recall : q->document) != d.id) return found(); // an update, or an earlier recall
    std::optional<records::consignment_row> request;
    if (!q->recall.empty()) {
        VANTHU_TRY(request, read.consignment(q->recall_owner, q->recall, q->asked_code));
    }
    std::optional<timestamp> answer_by;
    if (q->stands == recall_stand::before_clerk)
        answer_by = registered_by(context.office.days, context.office.margins, from_us(q->asked_at), d.priority > 0);
    const sentence words = words_for(*q, request ? &*request : nullptr, c, context, answer_by);
    json::object o{{"stands", boost::describe::enum_to_string(q->stands, "unknown")},
                   {"text_vi", words.vi},
                   {"text_en", words.en},
                   {"reason", q->reason},
                   {"by", q->by},
                   {"asked_at", to_rfc3339(from_us(q->asked_at))},
                   {"recall_id", q->recall},
                   {"answered_at", q->answered_at ? json::value(to_rfc3339(from_us(q->answered_at))) : nullptr}};
    if (answer_by) {
        o["answer_by"] = to_rfc3339(*answer_by);
        o["late"] = context.now > *answer_by;
    }
    return found(std::move(o));
}

} // namespace vanthu::api
