#include "daemon/api/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::api {
namespace {
constexpr error_row rows[] = {
    {int(errc::unauthenticated), "unauthenticated", 401, retry::no, "Thiếu khóa truy cập hoặc khóa không đúng.",
     "The access key is missing or wrong.", "Gửi tiêu đề Authorization: Bearer với khóa được cấp.",
     "Send the header Authorization: Bearer with your key."},
    {int(errc::right_missing), "right_missing", 403, retry::no, "Khóa truy cập không có quyền này.",
     "The credential does not have this right.", "Yêu cầu người vận hành cấp quyền.",
     "Ask the operator for the right."},
    {int(errc::organisation_unclear), "organisation_unclear", 400, retry::no,
     "Khóa dùng cho nhiều cơ quan; yêu cầu chưa ghi cơ quan nào.",
     "The credential speaks for several organisations and the request names none.",
     "Thêm tham số organisation, khi gửi văn bản thì ghi mục from.",
     "Add the parameter organisation; when submitting, name the sender in `from`."},
    {int(errc::organisation_not_yours), "organisation_not_yours", 403, retry::no,
     "Khóa truy cập không thuộc cơ quan này.", "The credential does not belong to this organisation.",
     "Dùng khóa của cơ quan đó.", "Use that organisation's credential."},
    {int(errc::no_such_resource), "no_such_resource", 404, retry::no, "Không có địa chỉ này.",
     "There is no such resource.", "Xem tài liệu API.", "See the API reference."},
    {int(errc::method_not_allowed), "method_not_allowed", 405, retry::no,
     "Phương thức không được hỗ trợ ở địa chỉ này.", "The method is not supported here.", "Xem tài liệu API.",
     "See the API reference."},
    {int(errc::bad_parameter), "bad_parameter", 400, retry::no, "Tham số không hợp lệ.", "A parameter is not valid.",
     "Sửa tham số được nêu rồi gửi lại.", "Correct the parameter named and send again."},
    {int(errc::unknown_parameter), "unknown_parameter", 400, retry::no,
     "Yêu cầu có tham số hoặc trường không được biết đến ở địa chỉ này.",
     "The request has a parameter or member that does not exist here.",
     "Bỏ hoặc sửa tên được nêu; docs/api.md và tệp OpenAPI liệt kê các tên.",
     "Remove or correct the name given; docs/api.md and the OpenAPI file list the names."},
    {int(errc::repeated_parameter), "repeated_parameter", 400, retry::no,
     "Cùng một tham số hoặc trường được ghi hai lần.", "The same parameter or member stands twice.",
     "Chỉ ghi tham số được nêu một lần.", "Give the parameter named once."},
    {int(errc::unsupported_media_type), "unsupported_media_type", 415, retry::no, "Kiểu nội dung không được hỗ trợ.",
     "The content type is not supported.", "Gửi theo kiểu nội dung được nêu (tiêu đề Content-Type).",
     "Send one of the content types named (header Content-Type)."},
    {int(errc::metadata_missing), "metadata_missing", 422, retry::no, "Thiếu phần metadata.",
     "The part metadata is missing.", "Gửi phần metadata (JSON) trước các tệp.",
     "Send the part metadata (JSON) before the files."},
    {int(errc::file_missing), "file_missing", 422, retry::no, "Văn bản không có tệp đính kèm nào.",
     "The document has no file.", "Đính kèm ít nhất một tệp.", "Attach at least one file."},
    {int(errc::reason_missing), "reason_missing", 422, retry::no, "Từ chối phải có lý do.", "A refusal needs a reason.",
     "Ghi lý do vào description.", "Write the reason into description."},
    {int(errc::status_not_settable), "status_not_settable", 422, retry::no, "eOffice không đặt được mã trạng thái này.",
     "This status code is not the eOffice's to set.", "Dùng một trong các mã 01, 02, 03, 04, 05, 06, 15, 16.",
     "Use one of 01, 02, 03, 04, 05, 06, 15, 16."},
    {int(errc::attachment_unknown), "attachment_unknown", 404, retry::no, "Không có tệp đính kèm này.",
     "There is no such attachment.", "Xem danh sách tệp đính kèm của văn bản.",
     "See the document's list of attachments."},
    {int(errc::packet_expected), "packet_expected", 409, retry::no, "Mục này là một trạng thái, không phải văn bản.",
     "This entry is a status, not a document.", "Chỉ dùng cho văn bản.", "Use it for documents only."},
    {int(errc::credentials_unreadable), "credentials_unreadable", 500, retry::no, "Không đọc được tệp khóa truy cập.",
     "The credentials file cannot be read.", "Sửa tệp theo dòng được nêu.", "Correct the file at the line named."},
    {int(errc::inbox_restored), "inbox_restored", 409, retry::no,
     "Hộp đến đã được khôi phục từ bản sao lưu hoặc lập lại từ đầu; số thứ tự đã lưu không còn dùng được.",
     "The inbox was restored from a backup or begun anew; the stored sequence number is not valid in it.",
     "Đọc lại từ after=0, bỏ qua các mục có id đã nhận; sau đó lưu next_after và instance mới. Mục đã nhận mà không "
     "còn "
     "trong hộp đến: giữ nguyên và báo người vận hành.",
     "Read again from after=0 and skip entries whose id is known; then store the new next_after and instance. Keep "
     "entries that were received and are not listed any more, and tell the operator."},
};
const error_table table("api", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::api
