#include "adapters/peer/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::peer_link {
namespace {
constexpr error_row rows[] = {
    {int(errc::unknown_peer), "unknown_peer", 403, retry::no,
     "Chứng thư kết nối không thuộc đầu mối nào trong danh bạ.",
     "The connection's certificate belongs to no node of the registry.",
     "Đăng ký chứng thư của đầu mối vào danh bạ hai bên.",
     "Register the node's certificate in the registries of both sides."},
    {int(errc::no_such_resource), "no_such_resource", 404, retry::no, "Không có địa chỉ này.",
     "There is no such resource.", "Kiểm tra phiên bản phần mềm của hai bên.",
     "Check the software versions of both sides."},
    {int(errc::method_not_allowed), "method_not_allowed", 405, retry::no, "Phương thức không được hỗ trợ.",
     "The method is not supported here.", "Kiểm tra phiên bản phần mềm của hai bên.",
     "Check the software versions of both sides."},
    {int(errc::manifest_missing), "manifest_missing", 409, retry::yes, "Gói tin đến trước bản khai của nó.",
     "The packet came before its manifest.", "Gửi bản khai trước, rồi gửi gói tin.",
     "Send the manifest first, then the packet."},
    {int(errc::offset_mismatch), "offset_mismatch", 409, retry::yes, "Phần gửi tiếp không bắt đầu đúng chỗ đã nhận.",
     "The continuation does not begin where the last part ended.", "Hỏi lại bản khai để biết vị trí gửi tiếp.",
     "Ask with the manifest where to continue."},
    {int(errc::transfer_running), "transfer_running", 409, retry::yes,
     "Gói tin này đang được nhận trên một kết nối khác.", "This packet is arriving on another connection.",
     "Chờ rồi gửi lại.", "Wait, then try again."},
    {int(errc::too_many_transfers), "too_many_transfers", 503, retry::yes, "Có quá nhiều gói tin đang chờ nhận.",
     "Too many announced packets are waiting.", "Chờ rồi gửi lại.", "Wait, then try again."},
    // A person puts these right; until then a document waits and is not returned: retry.
    {int(errc::not_a_link_certificate), "not_a_link_certificate", 403, retry::yes,
     "Chứng thư không dành cho kết nối giữa các đầu mối: mục đích sử dụng mở rộng thiếu clientAuth hoặc serverAuth.",
     "The certificate is not made for links between nodes: its extended key usage lacks clientAuth or serverAuth.",
     "Cấp cho đầu mối một chứng thư dịch vụ có mục đích sử dụng mở rộng serverAuth và clientAuth.",
     "Issue the node a service certificate with the extended key usages serverAuth and clientAuth."},
    {int(errc::signing_certificate), "signing_certificate", 403, retry::yes,
     "Theo danh bạ, đây là chứng thư của con dấu hoặc của người ký; nó không được mở kết nối.",
     "The registry lists this certificate as a seal or a person's: it opens no link.",
     "Dùng cho kết nối một chứng thư dịch vụ với cặp khóa riêng.",
     "Use a service certificate with a key pair of its own for the link."},
    {int(errc::pin_not_valid), "pin_not_valid", 502, retry::yes,
     "Khóa của đầu mối không khớp khóa ghim nào đang có hiệu lực trong danh bạ.",
     "The node's key is none of its pins that are valid now in the registry.",
     "Cập nhật khóa ghim và thời hạn của đầu mối trong danh bạ.",
     "Bring the node's pins and their dates in the registry up to date."},
    {int(errc::too_many_questions), "too_many_questions", 429, retry::yes,
     "Nút này hỏi đối soát quá nhiều lần trong thời gian ngắn, hoặc nhiều câu hỏi cùng lúc.",
     "This node asks about the records of the link too often, or several questions at one time.",
     "Hỏi từng trang một và chờ theo Retry-After.", "Ask one page at a time and wait as Retry-After says."},
};
const error_table table("peer_link", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::peer_link
