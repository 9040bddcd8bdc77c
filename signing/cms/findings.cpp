#include "signing/cms/findings.hpp"

#include "signing/finding_table.hpp"

namespace vanthu::cms {
namespace {

constexpr signing::finding_row texts[] = {
    {"budget", "Văn bản vượt giới hạn kiểm tra nên chưa xác định được.",
     "The document exceeds the limits of verification, so nothing is determined."},
    {"cms.not_cms", "Dữ liệu chữ ký không đọc được hoặc không có số người ký phù hợp.",
     "The signature cannot be read or does not have the number of signers that belongs there."},
    {"cms.not_detached", "Chữ ký mang theo nội dung riêng thay vì nội dung của tài liệu.",
     "The signature carries content of its own instead of being about the document."},
    {"cms.attribute_missing", "Chữ ký thiếu thuộc tính bắt buộc.", "The signature lacks a mandatory attribute."},
    {"cms.no_signer_certificate", "Không có chứng thư số của người ký trong chữ ký.",
     "The signature does not carry the signer's certificate."},
    {"cms.no_signing_certificate_attribute", "Chữ ký kiểu cũ, không gắn chứng thư số vào phần được ký.",
     "The signature is of an old kind that does not bind its certificate."},
    {"cms.signing_certificate_differs", "Chứng thư số kèm theo không phải là chứng thư số đã được ký kết gắn.",
     "The certificate is not the one that the signature binds."},
    {"cms.content_missing", "Không có nội dung để đối chiếu với chữ ký.",
     "There is no content to compare with the signature."},
    {"cms.digest_mismatch", "Nội dung đã bị thay đổi sau khi ký.", "The content was changed after it was signed."},
    {"cms.signature_wrong", "Chữ ký không đúng với khóa của chứng thư số.",
     "The signature does not verify with the certificate's key."},
    {"cms.weak_algorithm", "Chữ ký dùng thuật toán yếu hoặc không được chấp nhận.",
     "The signature uses an algorithm that is weak or not accepted."},
    {"cms.unsigned_content",
     "Trong tệp chữ ký có dữ liệu lạ không được ký; phần mềm khác có thể mở ra một văn bản khác.",
     "The message carries foreign data that nobody signed: other programs could open it as another document."},
    {"cms.claimed_time_ahead", "Thời điểm ký do người ký khai nằm sau thời điểm kiểm tra.",
     "The signer claims a time of signing that is later than the time of this verification."},
    {"cms.claimed_before_issue", "Người ký khai thời điểm ký trước khi chứng thư số có hiệu lực.",
     "By its own claim the signature was made before its certificate became valid."},
    {"cms.timestamp_invalid", "Dấu thời gian kèm theo không dùng được; thời điểm ký chưa được chứng minh.",
     "The time stamp cannot be relied on; the time of signing is not proven."},
    {"cms.timestamp_missing", "Chữ ký không có dấu thời gian hợp lệ mà chính sách yêu cầu.",
     "The signature lacks the valid time stamp that the policy asks for."},
    {"cms.timestamp_unreadable", "Dấu thời gian không đọc được.", "The time stamp token cannot be read."},
    {"cms.timestamp_other_content", "Dấu thời gian thuộc về dữ liệu khác.", "The time stamp is about something else."},
    {"cms.timestamp_signature_wrong", "Chữ ký của dấu thời gian không đúng.",
     "The signature of the time stamp is wrong."},
    {"cms.timestamp_accuracy",
     "Độ chính xác ghi trong dấu thời gian không hợp lệ hoặc kém hơn 5 phút; thời điểm được hiểu theo hướng bất lợi.",
     "The accuracy that the time stamp states is malformed or worse than 5 minutes; its time is read at its worst."},
    {"cms.timestamp_sha1_imprint", "Dấu thời gian cũ dùng SHA-1 cho giá trị băm.",
     "The time stamp is historic: its imprint is a SHA-1 value."},
    {"cades.archive_index_wrong", "Dấu thời gian lưu trữ nêu dữ liệu không còn trong chữ ký.",
     "The archive time stamp lists data that is no longer in the signature."},
    {"cades.archive_incomplete", "Dấu thời gian lưu trữ không bao trùm các dấu thời gian trước nó.",
     "The archive time stamp does not cover the time stamps made before it."},
    {"cades.not_evaluated",
     "Chữ ký có thuộc tính kiểu cũ không được đánh giá (dấu thời gian lưu trữ v1, v2, chữ ký xác nhận).",
     "The signature has attributes of old kinds that are not evaluated (archive time stamps v1 and v2, "
     "countersignatures)."},
    {"cms.timestamp_order", "Thứ tự các dấu thời gian mâu thuẫn nhau.",
     "The times of the time stamps contradict one another."},
    {"cms.signed_after_revocation", "Người ký khai thời điểm ký sau khi chứng thư số đã bị thu hồi.",
     "By its own claim the signature was made after the certificate was revoked."},
    {"cms.signed_after_expiry", "Người ký khai thời điểm ký sau khi chứng thư số đã hết hạn.",
     "By its own claim the signature was made after the certificate had expired."},
    {"cms.signed_before_issue", "Chữ ký có trước khi chứng thư số được cấp.",
     "The signature existed before its certificate was issued."},
};
const signing::finding_table table(texts);

} // namespace

signing::finding make_finding(std::string_view code, std::string_view detail) {
    return signing::finding_from(texts, code, detail);
}

} // namespace vanthu::cms
