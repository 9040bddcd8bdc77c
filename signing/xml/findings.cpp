#include "signing/xml/findings.hpp"

#include "signing/finding_table.hpp"

namespace vanthu::xml {
namespace {

constexpr signing::finding_row texts[] = {
    {"budget", "Văn bản vượt giới hạn kiểm tra nên chưa xác định được.",
     "The document exceeds the limits of verification, so nothing is determined."},
    {"xml.not_xml", "Tệp không phải là XML đúng quy tắc.", "The file is not well-formed XML."},
    {"xml.doctype_refused", "Tệp XML có khai báo DOCTYPE nên không được xét.",
     "The XML file has a DOCTYPE and is not looked at."},
    {"xml.encoding_unsupported", "Tệp XML không dùng bảng mã UTF-8 hoặc không phải XML 1.0.",
     "The XML file is not UTF-8, or not XML 1.0."},
    {"xml.foreign_signature", "Tệp có phần tử tên là Signature nhưng không phải chữ ký XML theo chuẩn.",
     "The file has an element called Signature that is no XML signature."},
    {"xml.nested_signature", "Bên trong chữ ký có một chữ ký khác; chữ ký đó không được xét.",
     "There is another signature inside the signature; it is not looked at."},
    {"xml.signature_malformed", "Cấu trúc chữ ký XML không đúng quy định.",
     "The structure of the XML signature is wrong."},
    {"xml.algorithm_refused", "Chữ ký dùng thuật toán hoặc phép biến đổi không được chấp nhận.",
     "The signature uses an algorithm or a transform that is not accepted."},
    {"xml.weak_algorithm", "Chữ ký dùng thuật toán yếu (SHA-1).", "The signature uses a weak algorithm (SHA-1)."},
    {"xml.reference_refused", "Chữ ký tham chiếu đến nội dung ngoài phạm vi cho phép.",
     "The signature refers to content that it may not refer to."},
    {"xml.reference_missing", "Không có nội dung mà chữ ký tham chiếu.", "What the signature refers to is not there."},
    {"xml.id_ambiguous", "Định danh mà chữ ký tham chiếu xuất hiện nhiều lần trong tệp.",
     "An id that the signature refers to is there more than once."},
    {"xml.manifest", "Chữ ký ký gián tiếp qua Manifest; nội dung trong đó không được xét.",
     "The signature signs by way of a Manifest, whose content is not looked at."},
    {"xml.digest_mismatch", "Nội dung đã bị thay đổi sau khi ký.", "The content was changed after it was signed."},
    {"xml.signature_wrong", "Chữ ký không đúng với khóa của chứng thư số.",
     "The signature does not verify with the certificate's key."},
    {"xml.no_signer_certificate", "Không có chứng thư số của người ký trong chữ ký.",
     "The signature does not carry the signer's certificate."},
    {"xml.signing_certificate_differs", "Chứng thư số kèm theo không phải là chứng thư số mà chữ ký gắn kết.",
     "The certificate is not the one that the signature binds."},
    {"xml.no_signing_certificate", "Chữ ký XML thông thường, không gắn chứng thư số vào phần được ký.",
     "A plain XML signature that does not bind its certificate."},
    {"xml.properties_not_signed", "Các thuộc tính của chữ ký (XAdES) không nằm trong phần được ký.",
     "The properties of the signature (XAdES) are not part of what is signed."},
    {"xml.signs_nothing", "Chữ ký không ký nội dung nào của tài liệu.", "The signature signs no content at all."},
    {"xml.content_beside", "Chữ ký tách rời: nội dung đã ký nằm ở tệp khác; nêu tệp đó bằng --content.",
     "A detached signature: what was signed is another file; name it with --content."},
    {"xml.covers_part", "Chữ ký chỉ bao trùm một phần của tệp.", "The signature covers only a part of the file."},
    {"xml.unsigned_content", "Trong chữ ký có nội dung lạ không được ký, có thể bị hiểu nhầm là văn bản.",
     "The signature carries foreign content that is not signed and could be taken for the document."},
    {"xml.comment_in_signed_text",
     "Có chú thích XML nằm giữa nội dung được ký; chú thích không được ký và có phần mềm đọc nhầm nội dung.",
     "A comment stands within signed text: it is not signed, and some programs read such text wrongly."},
    {"xml.signature_in_text",
     "Chữ ký đứng giữa một đoạn văn bản được ký: có phần mềm chỉ đọc được một phần của đoạn đó.",
     "The signature stands in the middle of a text that is signed: some programs read only a part of that text."},
    {"xml.unsigned_outside",
     "Trước hoặc sau phần tử gốc có chỉ thị XML không được ký, có thể đổi cách hiển thị văn bản.",
     "Instructions outside the root element are not signed; they may change how the document is shown."},
    {"xml.comment_outside_root", "Trước hoặc sau phần tử gốc có chú thích XML; chú thích đó không được ký.",
     "A comment stands outside the root element; it is not signed."},
    {"xml.object_not_signed", "Trong chữ ký có nội dung kèm theo không được ký.",
     "The signature carries content that is not signed."},
    {"xml.key_value_ignored", "Khóa ghi trực tiếp trong chữ ký bị bỏ qua; chỉ dùng khóa của chứng thư số.",
     "A key that the signature names by itself is ignored; only the certificate's key counts."},
};
const signing::finding_table table(texts);

} // namespace

signing::finding make_finding(std::string_view code, std::string_view detail) {
    return signing::finding_from(texts, code, detail);
}

} // namespace vanthu::xml
