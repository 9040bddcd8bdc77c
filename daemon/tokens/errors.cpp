#include "daemon/tokens/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::tokens {
namespace {
constexpr error_row rows[] = {
    {int(errc::guarded), "guarded", 403, retry::no,
     "Lần đăng nhập thiết bị trước không thành công nên không thử lại mã PIN cũ.",
     "The last login to the token failed, so the same PIN is not tried again.",
     "Sửa tệp chứa mã PIN, hoặc chạy vanthu token unlock-guard sau khi đã kiểm tra mã PIN (sau khi sửa credential của "
     "systemd cũng phải chạy lệnh này).",
     "Correct the PIN file, or run vanthu token unlock-guard once the PIN has been checked (always after correcting a "
     "systemd credential)."},
    {int(errc::guard_unusable), "guard_unusable", 500, retry::no, "Không ghi được sổ theo dõi số lần nhập mã PIN.",
     "The record of PIN attempts cannot be kept.", "Kiểm tra quyền và dung lượng của thư mục trạng thái.",
     "Check permissions and free space of the state directory."},
    {int(errc::guard_missing), "guard_missing", 422, retry::no,
     "Thư mục ghi số lần nhập mã PIN không tồn tại, nên không biết các lần nhập sai trước đó.",
     "The directory with the record of PIN attempts does not exist, so earlier failures are not known.",
     "Kiểm tra --state-dir; nếu dùng lần đầu, tạo thư mục đó rồi chạy lại.",
     "Check --state-dir; if this is its first use, make the directory and try again."},
    {int(errc::queue_full), "queue_full", 503, retry::yes, "Quá nhiều yêu cầu ký đang chờ thiết bị.",
     "Too many signatures wait for the token.", "Thử lại sau ít phút.", "Try again shortly."},
    {int(errc::deadline_passed), "deadline_passed", 504, retry::yes, "Thiết bị ký không trả lời kịp thời.",
     "The token did not answer in time.", "Kiểm tra thiết bị và đầu đọc rồi thử lại.",
     "Check the token and its reader, then try again."},
    {int(errc::stopping), "stopping", 503, retry::yes, "Dịch vụ đang dừng.", "The service is stopping.",
     "Thử lại sau khi dịch vụ khởi động lại.", "Try again after the restart."},
    {int(errc::guard_busy), "guard_busy", 503, retry::yes, "Một chương trình khác đang đăng nhập thiết bị này.",
     "Another program is logging in to this token.", "Đợi chương trình đó xong rồi thử lại.",
     "Wait until it has finished, then try again."},
    {int(errc::third_try), "third_try", 403, retry::no,
     "Hai lần đăng nhập liên tiếp không thành công; lần thứ ba có thể làm khóa thiết bị.",
     "Two logins in a row have failed; a third could lock the token.",
     "Kiểm tra mã PIN bằng phần mềm của nhà cung cấp (đăng nhập đúng một lần ở đó), rồi chạy vanthu token "
     "unlock-guard.",
     "Check the PIN with the vendor's software (one right login there), then run vanthu token unlock-guard."},
    {int(errc::module_hangs), "module_hangs", 503, retry::yes,
     "Mô-đun PKCS#11 chưa trả lời một yêu cầu trước đó nên không nhận thêm yêu cầu ký.",
     "The PKCS#11 module has not answered an earlier call, so it is given no further one.",
     "Rút ra, cắm lại thiết bị; nếu vẫn vậy, khởi động lại chương trình.",
     "Unplug the token and plug it in again; if that does not help, restart the program."},
    {int(errc::module_program), "module_program", 500, retry::no,
     "Không khởi động được chương trình vanthu-token để chạy mô-đun PKCS#11.",
     "The program vanthu-token, in which the PKCS#11 module runs, cannot be started.",
     "Cài đặt lại vanthu và gói p11-kit-modules.", "Reinstall vanthu and the package p11-kit-modules."},
};
const error_table table("tokens", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::tokens
