#include "schemas/tlog/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::tlog {
namespace {
constexpr error_row rows[] = {
    {int(errc::malformed_note), "malformed_note", 422, retry::no, "Đầu nhật ký đã ký sai định dạng.",
     "The signed head of the log is malformed.", "Yêu cầu bên cấp gửi lại biên nhận nguyên vẹn.",
     "Ask the issuer for the receipt again, unchanged."},
    {int(errc::malformed_checkpoint), "malformed_checkpoint", 422, retry::no,
     "Nội dung đầu nhật ký không đúng quy cách.", "The text of the log's head is not a checkpoint.",
     "Yêu cầu bên cấp gửi lại biên nhận nguyên vẹn.", "Ask the issuer for the receipt again, unchanged."},
    {int(errc::malformed_frontier), "malformed_frontier", 500, retry::no,
     "Trạng thái nhật ký biên nhận đã lưu bị hỏng.", "The stored state of the receipt log is damaged.",
     "Khôi phục kho từ bản sao lưu; nhật ký sẽ mở với tên gốc mới.",
     "Restore the store from a backup; the log then opens under a new origin."},
    {int(errc::unknown_key), "unknown_key", 422, retry::no, "Đầu nhật ký không có chữ ký của khóa đã biết.",
     "The head carries no signature by the known key.", "Kiểm tra khóa của nhật ký được ủy quyền.",
     "Check the log key that was delegated."},
    {int(errc::bad_signature), "bad_signature", 422, retry::no, "Chữ ký trên đầu nhật ký không hợp lệ.",
     "The signature on the log's head does not verify.", "Coi biên nhận này là không có giá trị và báo bên cấp.",
     "Treat the receipt as void and tell its issuer."},
    {int(errc::bad_key), "bad_key", 500, retry::no, "Khóa không phải là khóa Ed25519 hợp lệ.",
     "The key is not a valid Ed25519 key.", "Tạo khóa nhật ký mới: openssl genpkey -algorithm ed25519.",
     "Make a new log key: openssl genpkey -algorithm ed25519."},
    {int(errc::out_of_range), "out_of_range", 404, retry::no, "Nhật ký không có số thứ tự hoặc kích thước này.",
     "The log has no such index or size.", "Kiểm tra lại số thứ tự.", "Check the index."},
    {int(errc::proof_refused), "proof_refused", 422, retry::no, "Bằng chứng không dẫn tới gốc của nhật ký.",
     "The proof does not lead to the root of the log.", "Coi biên nhận này là không có giá trị và báo bên cấp.",
     "Treat the receipt as void and tell its issuer."},
    {int(errc::missing_hash), "missing_hash", 500, retry::no, "Thiếu dữ liệu băm của nhật ký.",
     "Hashes of the log are missing.", "Kiểm tra kho lưu trữ; khôi phục từ bản sao lưu nếu cần.",
     "Check the store; restore it from a backup if need be."},
};
const error_table table("tlog", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::tlog
