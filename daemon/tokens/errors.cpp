#include "daemon/tokens/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::tokens {
namespace {
constexpr error_row rows[] = {
    {int(errc::guarded), "guarded", 403, retry::no,
     "Lần đăng nhập thiết bị trước không thành công nên không thử lại mã PIN cũ.",
     "The last login to the token failed, so the same PIN is not tried again.",
     "Sửa tệp chứa mã PIN hoặc chạy vanthu token unlock-guard sau khi đã kiểm tra mã PIN.",
     "Correct the PIN file, or run vanthu token unlock-guard once the PIN has been checked."},
    {int(errc::guard_unusable), "guard_unusable", 500, retry::no, "Không ghi được sổ theo dõi số lần nhập mã PIN.",
     "The record of PIN attempts cannot be kept.", "Kiểm tra quyền và dung lượng của thư mục trạng thái.",
     "Check permissions and free space of the state directory."},
    {int(errc::queue_full), "queue_full", 503, retry::yes, "Quá nhiều yêu cầu ký đang chờ thiết bị.",
     "Too many signatures wait for the token.", "Thử lại sau ít phút.", "Try again shortly."},
    {int(errc::deadline_passed), "deadline_passed", 504, retry::yes, "Thiết bị ký không trả lời kịp thời.",
     "The token did not answer in time.", "Kiểm tra thiết bị và đầu đọc rồi thử lại.",
     "Check the token and its reader, then try again."},
    {int(errc::stopping), "stopping", 503, retry::yes, "Dịch vụ đang dừng.", "The service is stopping.",
     "Thử lại sau khi dịch vụ khởi động lại.", "Try again after the restart."},
};
const error_table table("tokens", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::tokens
