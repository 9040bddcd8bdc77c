#include "daemon/reconciliation/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::reconciliation {
namespace {
constexpr error_row rows[] = {
    {int(errc::cannot_compare), "cannot_compare", 409, retry::no,
     "Không đối soát được với nút này: phần mềm của nút chưa hỗ trợ đối soát.",
     "This node cannot be compared with: its software does not know reconciliation.",
     "Nâng cấp phần mềm của nút bên kia; việc chuyển văn bản không bị ảnh hưởng.",
     "Upgrade the other node's software; delivery is not affected."},
    {int(errc::answer_unfit), "answer_unfit", 502, retry::no,
     "Câu trả lời đối soát của nút bên kia không khớp câu hỏi; không nội dung nào được sử dụng.",
     "The other node's answer does not fit the question; nothing of it is used.",
     "Báo cho người vận hành của nút bên kia kèm thời điểm trong báo cáo.",
     "Tell the other node's operator, with the time of the report."},
    {int(errc::refused_there), "refused_there", 502, retry::yes, "Nút bên kia từ chối câu hỏi đối soát.",
     "The other node refuses the question.", "Xem nguyên nhân trong báo cáo rồi đối soát lại sau.",
     "See the cause in the report, then compare again later."},
    {int(errc::running), "running", 409, retry::yes, "Đang đối soát với nút này.",
     "This node is being compared with now.", "Chờ lượt đối soát đang chạy kết thúc rồi xem báo cáo.",
     "Wait until it has ended, then read its report."},
    {int(errc::node_unknown), "node_unknown", 404, retry::no,
     "Danh bạ không có nút này, hoặc không có địa chỉ để hỏi nút.",
     "The registry has no such node, or no address to ask it at.", "Kiểm tra mã nút trong danh bạ.",
     "Check the node's id in the registry."},
    {int(errc::too_slow), "too_slow", 504, retry::yes,
     "Nút bên kia trả lời quá chậm nên lượt đối soát dừng trước khi so hết.",
     "The other node answers too slowly: the comparison stopped before its end.",
     "Lượt sau tự chạy lại; nếu lặp lại, báo cho người vận hành của nút bên kia.",
     "It is tried again by itself; where it happens again, tell the other node's operator."},
    {int(errc::not_reached), "not_reached", 502, retry::yes, "Không kết nối được với nút bên kia để đối soát.",
     "The other node could not be reached for the comparison.",
     "Xem nguyên nhân trong báo cáo (địa chỉ, mạng, chứng thư); lượt sau tự chạy lại.",
     "See the cause in the report (address, network, certificate); it is tried again by itself."},
};
const error_table table("reconciliation", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::reconciliation
