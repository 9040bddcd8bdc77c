#include "daemon/web/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::web {
namespace {
constexpr error_row rows[] = {
    {int(errc::unauthenticated), "unauthenticated", 401, retry::no, "Thiếu mã truy cập hoặc mã không đúng.",
     "The access secret is missing or wrong.", "Nhập mã truy cập trong tệp listen.operator.secret_file.",
     "Enter the secret kept in the file listen.operator.secret_file."},
    {int(errc::host_not_allowed), "host_not_allowed", 421, retry::no,
     "Tên máy chủ trong yêu cầu không được phép ở cổng này.",
     "The host named by the request is not served at this door.",
     "Mở trang bằng đúng địa chỉ loopback và cổng đã cấu hình.",
     "Open the page under the configured loopback address and port."},
    {int(errc::cross_site), "cross_site", 403, retry::no, "Yêu cầu do một trang khác gửi.",
     "The request was made by another site's page.", "Thao tác trực tiếp trên trang vận hành.",
     "Act on the operator page itself."},
    {int(errc::no_such_resource), "no_such_resource", 404, retry::no, "Không có tài nguyên này.",
     "There is no such resource.", "Xem danh sách địa chỉ trong docs/operator.md.",
     "See the list of endpoints in docs/operator.md."},
    {int(errc::method_not_allowed), "method_not_allowed", 405, retry::no, "Phương thức không dùng được ở đây.",
     "The method is not allowed here.", "Xem danh sách địa chỉ trong docs/operator.md.",
     "See the list of endpoints in docs/operator.md."},
    {int(errc::bad_parameter), "bad_parameter", 400, retry::no, "Tham số không hợp lệ.", "A parameter is not valid.",
     "Sửa tham số được nêu rồi gửi lại.", "Correct the parameter named, then ask again."},
    {int(errc::officer_missing), "officer_missing", 422, retry::no, "Chưa ghi người quyết định hoặc lý do, hoặc ghi quá dài.",
     "The officer who decides or the reason is missing, or too long.",
     "Ghi họ tên người quyết định và lý do, mỗi mục nhiều nhất 500 byte.",
     "Name the officer and the reason, in at most 500 bytes each."},
    {int(errc::secret_unknown), "secret_unknown", 404, retry::no, "Không có mục này trong khu cách ly.",
     "There is no such entry in the quarantine.", "Tải lại trang.", "Load the page again."},
    {int(errc::pages_unreadable), "pages_unreadable", 500, retry::no, "Không đọc được các tệp của trang vận hành.",
     "The files of the operator page cannot be read.", "Kiểm tra thư mục share/vanthu/web của bản cài đặt.",
     "Check the directory share/vanthu/web of the installation."},
    {int(errc::reason_missing), "reason_missing", 422, retry::no, "Chưa ghi lý do trả lại, hoặc ghi quá dài.",
     "The reason for returning it is missing, or too long.",
     "Ghi ngắn gọn lý do để nơi gửi biết cần sửa gì, nhiều nhất 500 byte.",
     "Tell the sender in a few words what has to be mended, in at most 500 bytes."},
    {int(errc::no_backup_directory), "no_backup_directory", 409, retry::no, "Chưa cấu hình thư mục sao lưu.",
     "No directory for backups is configured.", "Đặt store.backup_directory trong cấu hình rồi khởi động lại vanthud.",
     "Set store.backup_directory in the configuration and restart vanthud."},
};
const error_table table("web", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::web
