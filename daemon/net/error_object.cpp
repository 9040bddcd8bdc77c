#include "daemon/net/error_object.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace vanthu::net {
namespace {
// What a peer sees of a code that no table of ours explains: nothing but that it happened here.
constexpr error_row unexplained = {0,
                                   "error",
                                   500,
                                   retry::yes,
                                   "Lỗi nội bộ của máy chủ.",
                                   "An internal error of the server.",
                                   "Thử lại; nếu lặp lại, báo quản trị viên xem nhật ký.",
                                   "Try again; if it happens again, ask the administrator to look at the log."};
const error_row& row_of(std::error_code code) {
    const error_row* row = describe(code);
    return row ? *row : unexplained;
}
} // namespace

int http_status(std::error_code code) { return row_of(code).http_status; }

std::string error_object(std::error_code code, const error_notes& notes) {
    const error_row& row = row_of(code);
    boost::json::object o;
    o["schema_version"] = 1;
    o["code"] = public_code(code);
    o["message_vi"] = row.message_vi;
    o["message_en"] = row.message_en;
    o["cause"] = notes.cause;
    o["action_vi"] = row.action_vi;
    o["action_en"] = row.action_en;
    o["retryable"] = row.again == retry::yes;
    if (notes.next_attempt_at)
        o["next_attempt_at"] = to_rfc3339(*notes.next_attempt_at);
    else
        o["next_attempt_at"] = nullptr;
    if (notes.document_id) o["document_id"] = *notes.document_id;
    return boost::json::serialize(o);
}

response error_response(std::error_code code, const error_notes& notes) {
    response out = response::json(notes.status.value_or(http_status(code)), error_object(code, notes));
    out.fields.set("Cache-Control", "no-store");
    if (notes.retry_after) out.fields.set("Retry-After", std::to_string(notes.retry_after->count()));
    return out;
}

} // namespace vanthu::net
