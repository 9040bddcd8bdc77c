#include "daemon/ledger/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::ledger {
namespace {
constexpr std::string_view ask_restore_vi =
    "Dừng dịch vụ, giữ nguyên thư mục kho, đối chiếu ổ đĩa rồi phục hồi từ bản sao lưu.";
constexpr std::string_view ask_restore_en =
    "Stop the service, keep the store's directory untouched, check the disk, then restore from a backup.";

constexpr error_row rows[] = {
    {int(errc::no_space), "no_space", 507, retry::yes, "Kho lưu trữ không còn đủ dung lượng trống.",
     "The store has not enough free space.", "Giải phóng hoặc bổ sung dung lượng ổ đĩa rồi gửi lại.",
     "Free or add disk space, then send again."},
    {int(errc::write_failed), "write_failed", 500, retry::yes,
     "Ghi xuống ổ đĩa thất bại; kho ngừng xác nhận cho đến khi khởi động lại.",
     "Writing to the disk failed; the store acknowledges nothing until it is started again.",
     "Kiểm tra ổ đĩa và nhật ký hệ thống, sau đó khởi động lại dịch vụ.",
     "Check the disk and the system log, then restart the service."},
    {int(errc::stopped), "stopped", 503, retry::yes, "Kho đã dừng sau một lỗi ghi ổ đĩa trước đó.",
     "The store stopped after an earlier write failure.", "Chờ dịch vụ khởi động lại rồi gửi lại.",
     "Wait for the service to restart, then send again."},
    {int(errc::closed), "closed", 503, retry::yes, "Kho đang đóng vì dịch vụ đang dừng.",
     "The store is closed because the service is stopping.", "Gửi lại khi dịch vụ đã chạy trở lại.",
     "Send again when the service is running."},
    {int(errc::directory_missing), "directory_missing", 500, retry::no, "Thư mục kho không tồn tại hoặc chưa có kho.",
     "The store's directory does not exist or holds no store.",
     "Kiểm tra đường dẫn kho trong cấu hình và việc gắn ổ đĩa.",
     "Check the store's path in the configuration and that its disk is mounted."},
    {int(errc::foreign_directory), "foreign_directory", 500, retry::no,
     "Thư mục này không phải kho của vanthu hoặc lẫn tệp của hai kho khác nhau.",
     "The directory is no store of vanthu, or files of two stores are mixed in it.",
     "Chỉ định một thư mục trống hoặc đúng thư mục kho.", "Name an empty directory or the right store's directory."},
    {int(errc::in_use), "in_use", 500, retry::yes, "Kho đang được một tiến trình khác mở.",
     "Another process has the store open.", "Dừng tiến trình kia trước khi mở kho.",
     "Stop the other process before opening the store."},
    {int(errc::newer_format), "newer_format", 500, retry::no, "Kho được ghi bởi phiên bản vanthu mới hơn.",
     "The store was written by a newer version of vanthu.", "Cài lại phiên bản mới hơn hoặc phục hồi bản sao lưu cũ.",
     "Install the newer version again or restore an older backup."},
    {int(errc::damaged), "damaged", 500, retry::no, "Dữ liệu trong kho bị hỏng: mã kiểm tra không khớp.",
     "Data in the store is damaged: a checksum does not match.", ask_restore_vi, ask_restore_en},
    {int(errc::shorter_than_committed), "shorter_than_committed", 500, retry::no,
     "Kho thiếu những thay đổi mà chính nó ghi là đã hoàn tất.",
     "The store lacks changes that its own records say were committed.", ask_restore_vi, ask_restore_en},
    {int(errc::payload_missing), "payload_missing", 500, retry::no, "Không tìm thấy nội dung văn bản trong kho.",
     "The payload is not in the store.", ask_restore_vi, ask_restore_en},
    {int(errc::payload_damaged), "payload_damaged", 500, retry::no,
     "Nội dung văn bản trong kho bị hỏng hoặc bị thay đổi.", "The payload in the store is damaged or was altered.",
     ask_restore_vi, ask_restore_en},
    {int(errc::key_unknown), "key_unknown", 500, retry::no, "Thiếu khóa giải mã của nội dung này.",
     "The key that this payload is encrypted with is not configured.",
     "Bổ sung khóa có đúng mã số vào cấu hình rồi khởi động lại.",
     "Add the key with that id to the configuration and restart."},
    {int(errc::row_malformed), "row_malformed", 500, retry::no, "Một bản ghi trong kho không đúng định dạng.",
     "A row of the store does not follow its format.", ask_restore_vi, ask_restore_en},
    {int(errc::row_newer), "row_newer", 500, retry::no, "Một bản ghi trong kho thuộc phiên bản mới hơn.",
     "A row of the store has a newer version.", "Cài lại phiên bản mới hơn.", "Install the newer version again."},
    {int(errc::key_malformed), "key_malformed", 500, retry::no, "Một khóa trong kho không đúng định dạng.",
     "A key of the store does not follow its format.", ask_restore_vi, ask_restore_en},
    {int(errc::spool_full), "spool_full", 503, retry::yes, "Vùng đệm tiếp nhận đã đầy.",
     "The spool's quota is used up.", "Gửi lại sau ít phút hoặc tăng hạn mức vùng đệm.",
     "Send again in a few minutes or raise the spool's quota."},
    {int(errc::range_outside), "range_outside", 416, retry::no, "Khoảng dữ liệu yêu cầu nằm ngoài nội dung.",
     "The range begins after the end of the payload.", "Yêu cầu khoảng nằm trong độ dài của nội dung.",
     "Ask for a range within the payload's length."},
};
const error_table table("ledger", rows);
} // namespace

std::error_code make_error_code(errc e) { return {int(e), table}; }

} // namespace vanthu::ledger
