#include "daemon/base/error_table.hpp"
#include "daemon/ledger/receipt_log.hpp"

namespace vanthu::ledger {
namespace {
using log_errc = receipt_log_errc;
constexpr error_row rows[] = {
    {int(log_errc::wrong_key), "wrong_key", 500, retry::no,
     "Ủy quyền không khớp với khóa, tên gốc hoặc cơ quan của nhật ký.",
     "The delegation does not fit the log's key, origin or organisation.", "Lập ủy quyền mới cho đúng khóa nhật ký.",
     "Make a delegation for this very log key."},
    {int(log_errc::origin_taken), "origin_taken", 500, retry::no, "Tên gốc của nhật ký đã dùng với khóa khác.",
     "The log's origin has been used with another key.", "Xoay khóa bằng một tên gốc mới.",
     "Rotate the key under a new origin."},
    {int(log_errc::previous_not_named), "previous_not_named", 500, retry::no,
     "Nhật ký mới không dẫn chiếu nhật ký trước.", "The new log does not name the log before it.",
     "Lập ủy quyền có ghi đầu nhật ký cuối cùng của nhật ký cũ.",
     "Make a delegation that names the last known head of the old log."},
    {int(log_errc::head_moved), "head_moved", 409, retry::yes, "Nhật ký đã có thêm bản ghi kể từ khi lập ủy quyền.",
     "The log has grown since the delegation was made.", "Lập lại ủy quyền với đầu nhật ký mới nhất.",
     "Make the delegation again over the newest head."},
    {int(log_errc::not_in_force), "not_in_force", 503, retry::yes,
     "Ủy quyền khóa nhật ký không có hiệu lực ở thời điểm này.", "The delegation of the log key is not in force now.",
     "Kiểm tra đồng hồ và gia hạn ủy quyền.", "Check the clock and renew the delegation."},
    {int(log_errc::unacceptable_leaf), "unacceptable_leaf", 422, retry::no,
     "Thông tin văn bản vượt quá khả năng của biên nhận.", "The document's data does not fit into a receipt.",
     "Rút gọn danh sách nơi nhận hoặc các trường thông tin.", "Shorten the recipients or the fields."},
    {int(log_errc::unknown_leaf), "unknown_leaf", 404, retry::no, "Nhật ký không có bản ghi này.",
     "The log has no such entry.", "Kiểm tra lại số thứ tự.", "Check the index."},
    {int(log_errc::destroyed), "destroyed", 410, retry::no, "Nội dung bản ghi đã được tiêu hủy theo quy định.",
     "The entry's content was destroyed lawfully.", "Xem bản ghi tiêu hủy trong nhật ký.",
     "See the tombstone in the log."},
    {int(log_errc::head_not_signed), "head_not_signed", 500, retry::no,
     "Đầu nhật ký cũ chưa được ký trước khi thay khóa.",
     "The old log's head was not signed before its key was replaced.", "Dùng biên nhận mà bên gửi đang giữ.",
     "Use the receipt that the sender holds."},
    {int(log_errc::damaged), "damaged", 500, retry::no, "Dữ liệu nhật ký biên nhận bị hỏng.",
     "The receipt log's data is damaged.", "Khôi phục kho từ bản sao lưu và mở nhật ký với tên gốc mới.",
     "Restore the store from a backup and open the log under a new origin."},
    {int(log_errc::restored), "restored", 500, retry::no,
     "Kho được khôi phục từ bản sao lưu: nhật ký biên nhận không được ghi tiếp dưới tên gốc cũ.",
     "The store was restored from a backup: the receipt log may not go on under the old origin.",
     "Lập ủy quyền với tên gốc mới bằng vanthu log-key delegate --origin MỚI --previous-origin CŨ --previous-head TỆP "
     "(lệnh đầy đủ ở trên), rồi khởi động lại.",
     "Make a delegation for a new origin with vanthu log-key delegate --origin NEW --previous-origin OLD "
     "--previous-head FILE (the whole command stands above), then start again."},
};
const error_table table("receipt_log", rows);
} // namespace
std::error_code make_error_code(receipt_log_errc e) { return {int(e), table}; }
} // namespace vanthu::ledger
