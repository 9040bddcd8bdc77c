#include "daemon/delivery/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::delivery {
namespace {
constexpr error_row rows[] = {
    {int(errc::node_unknown), "node_unknown", 409, retry::yes, "Danh bạ không còn đầu mối kế tiếp này.",
     "The registry no longer knows this next hop.", "Sửa danh bạ rồi nạp lại cấu hình.",
     "Correct the registry and reload."},
    {int(errc::no_transport), "no_transport", 409, retry::yes, "Chưa cấu hình cách kết nối tới đầu mối kế tiếp.",
     "No connection to this next hop is configured.", "Cấu hình địa chỉ và chứng thư của đầu mối.",
     "Configure the hop's address and certificate."},
    {int(errc::attempts_exhausted), "attempts_exhausted", 409, retry::no, "Đã hết số lần gửi cho phép.",
     "All attempts allowed have been used.", "Xem nguyên nhân lần gửi cuối, khắc phục rồi cho gửi lại.",
     "Look at the last attempt's reason, mend it, then release the transfer."},
    {int(errc::expired), "expired", 409, retry::no, "Quá thời hạn gửi.", "The time for delivery has passed.",
     "Liên hệ nơi nhận; gửi lại nếu còn cần.", "Contact the receiver; send again if still needed."},
    {int(errc::receipt_not_valid), "receipt_not_valid", 502, retry::yes, "Biên nhận của đầu mối kế tiếp không hợp lệ.",
     "The receipt of the next hop does not verify.",
     "Báo người vận hành hai bên kiểm tra chứng thư và nhật ký biên nhận.",
     "Ask the operators of both sides to check certificates and the receipt log."},
    {int(errc::packet_unreadable), "packet_unreadable", 500, retry::no, "Gói tin đã lưu không đọc lại được.",
     "The stored packet cannot be read again.", "Kiểm tra kho lưu trữ.", "Check the store."},
    {int(errc::refused_by_next_hop), "refused_by_next_hop", 409, retry::no, "Đầu mối kế tiếp từ chối gói tin.",
     "The next hop refused the packet.", "Xem lý do kèm theo.", "See the reason given."},
    {int(errc::transfer_unknown), "transfer_unknown", 404, retry::no, "Không có lượt chuyển này.",
     "There is no such transfer.", "Tải lại trang.", "Load the page again."},
    {int(errc::not_waiting), "not_waiting", 409, retry::no, "Lượt chuyển này đã kết thúc.", "This transfer has ended.",
     "Không cần làm gì.", "Nothing needs to be done."},
    {int(errc::given_up), "given_up", 409, retry::no, "Người vận hành đã dừng gửi và trả lại nơi gửi.",
     "An operator has ended the transfer and returned it to its sender.",
     "Đọc lý do người vận hành ghi; gửi lại nếu còn cần.", "Read the operator's reason; send again if still needed."},
    {int(errc::may_have_arrived), "may_have_arrived", 409, retry::no,
     "Văn bản có thể đã tới đầu mối kế tiếp: có lần gửi kết thúc mà không có trả lời.",
     "The next hop may have the document: an attempt ended without an answer.",
     "Đối soát với đầu mối đó trước (vanthu reconcile); nếu vẫn trả lại thì xác nhận.",
     "Compare with that hop first (vanthu reconcile); to return it all the same, confirm."},
    {int(errc::given_up_unanswered), "given_up_unanswered", 409, retry::no,
     "Người vận hành đã dừng gửi và trả lại nơi gửi; văn bản vẫn có thể đã tới đầu mối kế tiếp.",
     "An operator has ended the transfer and returned it to its sender; the next hop may have it all the same.",
     "Hỏi nơi nhận trước khi gửi lại.", "Ask the recipient before sending it again."},
};
const error_table table("delivery", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::delivery
