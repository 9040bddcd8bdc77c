#include "daemon/cli/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::cli {
namespace {
constexpr error_row rows[] = {
    {int(errc::file_exists), "file_exists", 409, retry::no, "Tệp đã tồn tại; khóa không bao giờ bị ghi đè.",
     "The file exists already; a key is never written over.", "Chọn tên khác hoặc tự cất tệp cũ đi nơi khác.",
     "Choose another name, or move the old file away yourself."},
    {int(errc::id_not_usable), "id_not_usable", 422, retry::no, "Tên có ký tự không dùng được.",
     "The name has characters that cannot be used.",
     "Chỉ dùng chữ cái không dấu, chữ số, dấu chấm, gạch nối, gạch dưới.",
     "Use letters, digits, full stop, hyphen and underscore only."},
    {int(errc::id_taken), "id_taken", 409, retry::no, "Tên này đã có trong tệp khóa truy cập.",
     "The credentials file has this id already.", "Chọn tên khác, hoặc xóa dòng cũ để thu hồi khóa cũ.",
     "Choose another id, or delete the old row to revoke its key."},
    {int(errc::server_missing), "server_missing", 422, retry::no, "Chưa biết máy chủ vanthu.",
     "The vanthu server is not known.", "Thêm --server https://TÊN:CỔNG hoặc đặt biến VANTHU_SERVER.",
     "Give --server https://HOST:PORT or set VANTHU_SERVER."},
    {int(errc::key_missing), "key_missing", 422, retry::no, "Chưa có khóa truy cập.", "There is no access key.",
     "Thêm --key-file TỆP hoặc đặt biến VANTHU_KEY_FILE.", "Give --key-file FILE or set VANTHU_KEY_FILE."},
    {int(errc::answer_unreadable), "answer_unreadable", 502, retry::no, "Không hiểu câu trả lời của máy chủ.",
     "The server's answer cannot be understood.", "Kiểm tra địa chỉ máy chủ và phiên bản của hai bên.",
     "Check the server's address and the versions of both sides."},
    {int(errc::metadata_unreadable), "metadata_unreadable", 422, retry::no,
     "Tệp siêu dữ liệu không phải là một đối tượng JSON.", "The metadata file is not a JSON object.",
     "Sửa tệp; docs/packets.md liệt kê các trường.", "Correct the file; docs/packets.md lists the fields."},
    {int(errc::receipt_not_trusted), "receipt_not_trusted", 502, retry::no,
     "Văn bản đã gửi nhưng biên nhận không kiểm chứng được.", "The document was sent, but its receipt does not verify.",
     "Giữ lại biên nhận và kiểm tra bằng vanthu verify-receipt; liên hệ người vận hành.",
     "Keep the receipt, judge it with vanthu verify-receipt and ask the operator."},
    {int(errc::hash_mismatch), "hash_mismatch", 502, retry::yes, "Dữ liệu tải về không khớp mã băm đã công bố.",
     "What was fetched does not match the hash that was named.", "Tải lại; nếu vẫn sai, liên hệ người vận hành.",
     "Fetch it again; if it stays so, ask the operator."},
    {int(errc::bad_rewrite), "bad_rewrite", 422, retry::no, "--rewrite cần dạng TỪ=THÀNH.", "--rewrite wants FROM=TO.",
     "Ví dụ: --rewrite http://ocsp.ca.ptc/=http://ocsp.ca.gov.vn/",
     "For example: --rewrite http://ocsp.ca.ptc/=http://ocsp.ca.gov.vn/"},
    {int(errc::directory_given), "directory_given", 422, retry::no, "Đây là một thư mục, không phải tệp.",
     "This is a directory, not a file.", "Ghi tên từng tệp, ví dụ THƯ_MỤC/*.pdf.",
     "Name the files, for example DIRECTORY/*.pdf."},
    {int(errc::bench_failed), "bench_failed", 500, retry::no, "Không đo được: phép thử không cho kết quả đúng.",
     "Nothing was measured: what was to be measured did not give the right result.",
     "Báo lỗi kèm dòng chi tiết; kết quả đo sẽ không có nghĩa.",
     "Report it with the detail; figures would have no meaning."},
    {int(errc::output_not_a_file), "output_not_a_file", 422, retry::no,
     "Nơi ghi kết quả không phải là tệp thường (liên kết, thư mục, thiết bị, FIFO); không ghi đè lên đó.",
     "What stands where the result goes is no regular file (a symlink, directory, device or FIFO); it is not replaced.",
     "Chọn tên tệp khác.", "Choose another file name."},
    {int(errc::output_exists), "output_exists", 409, retry::no, "Tệp đã tồn tại và không bị ghi đè.",
     "The file exists already and is not written over.", "Chọn tên khác hoặc tự cất tệp cũ đi nơi khác.",
     "Choose another name, or move the old file away yourself."},
    {int(errc::output_failed), "output_failed", 500, retry::no, "Không ghi được kết quả ra đầu ra chuẩn.",
     "The result could not be written to standard output.",
     "Kiểm tra nơi nhận đầu ra (ổ đĩa đầy, đường ống đã đóng); lệnh có thể đã được thực hiện.",
     "Check where the output goes (full disk, closed pipe); the command itself may have been carried out."},
};
const error_table table("cli", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::cli
