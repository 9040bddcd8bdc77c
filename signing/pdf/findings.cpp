#include "signing/pdf/findings.hpp"

#include "signing/finding_table.hpp"

namespace vanthu::pdf {
namespace {

constexpr signing::finding_row texts[] = {
    {"budget", "Văn bản vượt giới hạn kiểm tra nên chưa xác định được.",
     "The document exceeds the limits of verification, so nothing is determined."},
    {"pdf.not_a_pdf", "Tệp không phải là PDF.", "The file is not a PDF."},
    {"pdf.damaged", "Cấu trúc tệp PDF bị hỏng; không kiểm tra được nếu không sửa chữa.",
     "The PDF is damaged and cannot be verified without repair."},
    {"pdf.encrypted", "Tệp PDF bị mã hóa nên không kiểm tra được.", "The PDF is encrypted and cannot be verified."},
    {"pdf.reader_warning", "Trình đọc phải đoán một phần cấu trúc tệp.",
     "The reader had to guess a part of the structure."},
    {"pdf.form_unreadable", "Không đọc hết được các trường biểu mẫu.", "The form fields cannot all be read."},
    {"pdf.stray_signature", "Tệp chứa giá trị chữ ký không thuộc trường chữ ký nào.",
     "The file holds a signature value that belongs to no signature field."},
    {"pdf.byte_range", "Vùng được ký (ByteRange) không đúng quy cách.",
     "The signed range (ByteRange) is not well-formed."},
    {"pdf.contents_misplaced", "Khoảng trống trong vùng được ký không phải là chính giá trị chữ ký này.",
     "The gap in the signed range is not exactly this signature's own value."},
    {"pdf.value_shared", "Một giá trị chữ ký được dùng cho nhiều trường hoặc chồng lên nhau.",
     "One signature value serves several fields, or values overlap."},
    {"pdf.not_a_revision", "Phần được ký không phải là một phiên bản hoàn chỉnh của tệp.",
     "What is signed is not a complete revision of the file."},
    {"pdf.unaccounted_bytes", "Sau chữ ký có dữ liệu không thuộc phiên bản hợp lệ nào.",
     "After the signature there are bytes that belong to no proper revision."},
    {"pdf.update_unclear",
     "Bản cập nhật sau chữ ký được ghi khác thường nên mỗi phần mềm có thể đọc một khác. Hãy đề nghị nơi gửi cung cấp "
     "bản như lúc vừa ký xong hoặc cập nhật lại bằng phần mềm khác.",
     "The revision after the signature is written in an unusual way that programs may read differently. Ask the sender "
     "for the document as it was when signed, or to make the update with another program."},
    {"pdf.key_twice",
     "Bản cập nhật sau chữ ký khai một mục của từ điển hai lần với giá trị khác nhau, nên mỗi phần mềm có thể lấy một "
     "giá trị khác.",
     "The revision after the signature has an entry of a dictionary twice with different values, and programs differ "
     "in "
     "which one they take."},
    {"pdf.changed_after_signing", "Văn bản đã bị thay đổi sau khi ký theo cách không được phép.",
     "The document was changed after signing in a way that is not allowed."},
    {"pdf.number_twice",
     "Bản cập nhật sau chữ ký khai một đối tượng hai lần, nên mỗi phần mềm có thể hiển thị một nội dung khác.",
     "The revision after the signature names an object twice, so programs may show different content."},
    {"pdf.second_generation",
     "Bản cập nhật sau chữ ký dùng lại số hiệu của một đối tượng với thế hệ khác, nên mỗi phần mềm có thể hiển thị một "
     "nội dung khác.",
     "The revision after the signature uses an object's number with another generation, so programs may show different "
     "content."},
    {"pdf.object_freed", "Bản cập nhật sau chữ ký xóa một đối tượng đang được dùng.",
     "The revision after the signature frees an object that is in use."},
    {"pdf.object_unlisted", "Bản cập nhật sau chữ ký có đối tượng không nằm trong bảng tham chiếu.",
     "The revision after the signature holds an object that its cross-reference does not name."},
    {"pdf.entry_elsewhere",
     "Bảng tham chiếu của bản cập nhật sau chữ ký chỉ đến chỗ không phải là đối tượng của chính bản cập nhật đó.",
     "The cross-reference of the revision after the signature leads elsewhere than to an object of that revision."},
    {"pdf.startxref_elsewhere",
     "Dòng startxref của bản cập nhật sau chữ ký không chỉ đến bảng tham chiếu của chính nó.",
     "startxref of the revision after the signature does not lead to its own cross-reference."},
    {"pdf.prev_elsewhere", "Bản cập nhật sau chữ ký không nối tiếp đúng phiên bản ngay trước nó (/Prev).",
     "The revision after the signature does not continue the one before it (/Prev)."},
    {"pdf.hybrid_added",
     "Bản cập nhật sau chữ ký có hai bảng tham chiếu (/XRefStm), nên mỗi phần mềm có thể hiển thị một nội dung khác.",
     "The revision after the signature has two cross-references (/XRefStm), so programs may show different content."},
    {"pdf.size_too_small", "Bản cập nhật sau chữ ký khai số đối tượng (/Size) nhỏ hơn thực tế.",
     "The revision after the signature states fewer objects (/Size) than there are."},
    {"pdf.length_elsewhere", "Độ dài của một luồng dữ liệu trong bản cập nhật sau chữ ký không xác định duy nhất.",
     "The length of a stream in the revision after the signature is not one and the same for every reader."},
    {"pdf.object_stream_odd",
     "Một luồng chứa đối tượng (ObjStm) trong bản cập nhật sau chữ ký có thể được đọc theo nhiều cách.",
     "An object stream in the revision after the signature can be read in more than one way."},
    {"pdf.hidden_object", "Bản cập nhật sau chữ ký giấu một đối tượng bên trong dữ liệu khác.",
     "The revision after the signature hides an object within other data."},
    {"pdf.earlier_unclear",
     "Phần đã ký khai một đối tượng theo nhiều cách đọc, nên không xác định được bản cập nhật sau chữ ký đã thay đổi "
     "gì.",
     "The signed part names an object in more than one way, so what the revision after it changed is not determined."},
    {"pdf.linear_unclear",
     "Đầu tệp khai tệp được sắp xếp cho xem qua mạng (linearized) với một kích thước không khớp phần đã ký, nên một số "
     "phần mềm có thể hiển thị nội dung khác với nội dung đã ký. Hãy đề nghị nơi gửi xuất lại tệp PDF rồi ký lại.",
     "The file begins by saying that it is linearised, of a size that the signed part does not bear out, so some "
     "programs may show other content than what was signed. Ask the sender to export the PDF anew and sign that."},
    {"pdf.space_behind",
     "Sau phần đã ký có nhiều ký tự trắng hơn một dấu xuống dòng, nên một số phần mềm có thể phải sửa chữa tệp và hiển "
     "thị nội dung khác. Hãy đề nghị nơi gửi cung cấp bản như lúc vừa ký xong.",
     "More white space than a line end stands behind the signed part, so some programs may repair the file and show "
     "other content. Ask the sender for the document as it was when signed."},
    {"pdf.names_unclear",
     "Phần đã ký có tên chứa byte mà một số phần mềm coi là khoảng trắng, nên mỗi phần mềm có thể hiển thị một nội "
     "dung "
     "khác. Hãy đề nghị nơi gửi xuất lại tệp PDF rồi ký lại.",
     "The signed part holds a name with a byte that some programs take for white space, so programs may show different "
     "content. Ask the sender to export the PDF anew and sign that."},
    {"pdf.comment_added", "Bản cập nhật sau chữ ký có dòng chú thích không rõ do phần mềm nào ghi.",
     "The revision after the signature holds a comment that no known program writes."},
    {"pdf.evidence_odd",
     "Kho chứng cứ (DSS) được thêm sau chữ ký chứa dữ liệu không phải chứng thư, danh sách thu hồi hay phản hồi OCSP.",
     "The security store added after the signature holds data that is no certificate, CRL or OCSP response."},
    {"pdf.field_unfit",
     "Ô số, ngày tháng hoặc ô con dấu được điền sau chữ ký quá lớn, sai vị trí hoặc có thành phần không được phép.",
     "A number, date or seal field filled after the signature is too large, in the wrong place or has parts that are "
     "not "
     "allowed."},
    {"pdf.filled_with_drawing", "Trường biểu mẫu được điền sau chữ ký hiển thị hình vẽ chứ không chỉ có chữ.",
     "A form field filled after the signature shows drawings and not only text."},
    {"pdf.signature_covers_page",
     "Các chữ ký thêm sau có hình hiển thị che tổng cộng hơn một phần tư trang, hoặc khung hình không rõ.",
     "The signatures added later have appearances that together cover more than a quarter of a page, or one whose "
     "rectangle is not plain."},
    {"pdf.field_covers_page",
     "Các ô chữ ký còn trống được thêm sau chữ ký, cùng hình của các chữ ký thêm sau, che tổng cộng hơn một phần tư "
     "trang, hoặc khung của ô không rõ.",
     "The empty signature fields added after the signature, with the appearances of later signatures, cover more than "
     "a quarter of a page, or one has no plain rectangle."},
    {"pdf.filling_covers_page",
     "Các trường biểu mẫu được điền sau chữ ký, cùng hình của các chữ ký thêm sau, che tổng cộng hơn một phần tư "
     "trang, hoặc khung của một trường không rõ.",
     "The form fields filled after the signature, with the appearances of later signatures, cover more than a quarter "
     "of a page, or one has no plain rectangle."},
    {"pdf.field_twice",
     "Trường biểu mẫu được điền, ký hoặc thêm sau chữ ký trùng tên với một trường khác, nên không xác định được trường "
     "nào đã thay đổi.",
     "A form field that was filled, signed or added after the signature has the name of another one, so which of them "
     "changed is not determined."},
    {"pdf.change_not_permitted", "Thay đổi sau khi ký trái với quyền mà chữ ký cho phép.",
     "A later change goes against what this signature permits."},
    {"pdf.filled_without_signature", "Trường biểu mẫu được điền sau chữ ký mà không có chữ ký hợp lệ nào bảo đảm.",
     "A form field was filled after the signature and no valid later signature covers it."},
    {"pdf.filled_later", "Trường biểu mẫu được điền sau chữ ký này; chữ ký sau đây bảo đảm nội dung điền.",
     "A form field was filled after this signature; the signature named here answers for it."},
    {"pdf.filled_by_stranger",
     "Số hoặc ngày được điền sau chữ ký mà người ký bảo đảm không thuộc cơ quan của người ký đầu tiên.",
     "Number or date was filled after the signature, and who signed for it does not belong to the organisation of the "
     "first signer."},
    {"pdf.only_time_stamp", "Tệp chỉ có dấu thời gian, không có chữ ký của ai.",
     "The file carries only a time stamp and nobody's signature."},
    {"pdf.subfilter", "Loại chữ ký PDF này không được hỗ trợ.", "This kind of PDF signature is not supported."},
    {"pdf.xfa", "Tệp chứa biểu mẫu XFA nên nội dung hiển thị không cố định.",
     "The file holds an XFA form, so what it shows is not fixed."},
};
const signing::finding_table table(texts);

} // namespace

signing::finding make_finding(std::string_view code, std::string_view detail) {
    return signing::finding_from(texts, code, detail);
}

} // namespace vanthu::pdf
