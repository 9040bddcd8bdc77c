#include "schemas/receipt/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::receipt {
namespace {
constexpr std::string_view resend_vi = "Yêu cầu bên cấp gửi lại bản nguyên vẹn.",
                           resend_en = "Ask the issuer for the unchanged original.";
constexpr std::string_view void_vi = "Coi là không có giá trị và báo cho bên cấp.",
                           void_en = "Treat it as void and tell its issuer.";
constexpr error_row rows[] = {
    {int(errc::malformed), "malformed", 422, retry::no, "Biên nhận hoặc chữ ký gốc sai định dạng.",
     "The receipt or origin signature is malformed.", resend_vi, resend_en},
    {int(errc::not_canonical), "not_canonical", 422, retry::no, "Nội dung không ở dạng chuẩn tắc đã được ký.",
     "The content is not in the canonical form that was signed.", resend_vi, resend_en},
    {int(errc::too_large), "too_large", 413, retry::no, "Biên nhận vượt quá kích thước cho phép.",
     "The receipt is larger than allowed.", resend_vi, resend_en},
    {int(errc::unsupported_version), "unsupported_version", 422, retry::no, "Phiên bản định dạng chưa được hỗ trợ.",
     "This version of the format is not supported.", "Nâng cấp vanthu rồi kiểm tra lại.",
     "Upgrade vanthu, then verify again."},
    {int(errc::not_included), "not_included", 422, retry::no, "Biên nhận không nằm trong nhật ký đã ký.",
     "The receipt is not included in the signed log.", void_vi, void_en},
    {int(errc::head_refused), "head_refused", 422, retry::no, "Chữ ký trên đầu nhật ký không hợp lệ.",
     "The signature on the log's head does not hold.", void_vi, void_en},
    {int(errc::origin_mismatch), "origin_mismatch", 422, retry::no,
     "Biên nhận, đầu nhật ký và ủy quyền không thuộc cùng một nhật ký.",
     "Receipt, head and delegation belong to different logs.", void_vi, void_en},
    {int(errc::delegation_refused), "delegation_refused", 422, retry::no, "Ủy quyền khóa nhật ký không hợp lệ.",
     "The delegation of the log key does not hold.", void_vi, void_en},
    {int(errc::delegation_not_in_force), "delegation_not_in_force", 422, retry::no,
     "Ủy quyền khóa nhật ký không có hiệu lực tại thời điểm tiếp nhận.",
     "The delegation was not in force at the time of the hop.", void_vi, void_en},
    {int(errc::certificate_refused), "certificate_refused", 422, retry::no,
     "Chứng thư dịch vụ không dẫn tới CA được tin cậy tại thời điểm đó.",
     "The service certificate does not lead to a trusted CA at that time.",
     "Kiểm tra danh sách CA tin cậy và thời hạn chứng thư.", "Check the trusted CAs and the certificate's dates."},
    {int(errc::organisation_mismatch), "organisation_mismatch", 422, retry::no,
     "Chứng thư thuộc cơ quan khác với cơ quan đã khai.",
     "The certificate belongs to another organisation than the one claimed.", void_vi, void_en},
    {int(errc::signature_refused), "signature_refused", 422, retry::no, "Chữ ký không hợp lệ.",
     "The signature does not verify.", void_vi, void_en},
    {int(errc::unsupported_key), "unsupported_key", 422, retry::no, "Loại khóa không được hỗ trợ.",
     "The kind of key is not supported.", "Dùng RSA từ 2048 bit, ECDSA P-256 hoặc Ed25519.",
     "Use RSA of 2048 bits or more, ECDSA P-256 or Ed25519."},
    {int(errc::not_what_was_sent), "not_what_was_sent", 422, retry::no,
     "Biên nhận thật nhưng của văn bản hoặc bên khác.", "Genuine, but of another document or party than expected.",
     "Đối chiếu lại văn bản và bên gửi, bên nhận.", "Compare document, sender and recipient again."},
    {int(errc::time_refused), "time_refused", 422, retry::no, "Thời điểm ký nằm sau thời điểm nhận.",
     "The time of signing lies after the time of arrival.", "Kiểm tra đồng hồ của hai hệ thống.",
     "Check the clocks of both systems."},
    {int(errc::signing_failed), "signing_failed", 500, retry::yes, "Không ký được bằng khóa dịch vụ.",
     "The service key could not sign.", "Kiểm tra khóa và chứng thư dịch vụ trong cấu hình.",
     "Check the service key and certificate in the configuration."},
    {int(errc::not_continued), "not_continued", 422, retry::no,
     "Biên nhận thật, nhưng nhật ký sau của cơ quan này nối tiếp từ trước mục này: kho đã được khôi phục và văn bản đã "
     "xác nhận có thể đã mất.",
     "Genuine, but a later log of this organisation goes on from before this entry: the store was restored, and the "
     "document that was confirmed may be lost there.",
     "Hỏi cơ quan xác nhận xem văn bản còn không (vanthu fsck --receipts); nếu không còn thì gửi lại, kèm biên nhận "
     "này.",
     "Ask the organisation that confirmed it whether it has the document (vanthu fsck --receipts); if not, send it "
     "again, "
     "with this receipt."},
    {int(errc::contradicted), "contradicted", 422, retry::no,
     "Hai biên nhận cùng nhật ký mâu thuẫn nhau: nhật ký đã được viết lại.",
     "The two receipts of one log contradict each other: the log was written anew.",
     "Giữ cả hai biên nhận làm bằng chứng và báo cơ quan xác nhận; hỏi xem văn bản còn không.",
     "Keep both receipts as evidence and tell the organisation that confirmed; ask whether it has the document."},
};
const error_table table("receipt", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::receipt
