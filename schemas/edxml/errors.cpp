#include "schemas/edxml/errors.hpp"

#include "daemon/base/error_table.hpp"

#include <cstdlib>

namespace vanthu::edxml {
namespace {

constexpr std::string_view resend_vi = "Đề nghị bên gửi sửa và gửi lại gói tin.";
constexpr std::string_view resend_en = "Ask the sender to correct the packet and send it again.";
constexpr std::string_view smaller_vi = "Đề nghị bên gửi gửi gói tin nhỏ hơn, hoặc tăng giới hạn trong cấu hình.";
constexpr std::string_view smaller_en = "Ask the sender for a smaller packet, or raise the limit in the configuration.";
constexpr std::string_view field_vi = "Sửa trường được nêu rồi gửi lại.";
constexpr std::string_view field_en = "Correct the field that is named, then submit again.";

constexpr error_row rows[] = {
    {int(errc::empty), "empty", 422, retry::no, "Gói tin rỗng.", "The packet is empty.", resend_vi, resend_en},
    {int(errc::not_xml), "not_xml", 422, retry::no, "Dữ liệu không phải là XML.", "The data is not XML.", resend_vi,
     resend_en},
    {int(errc::not_edxml), "not_edxml", 422, retry::no, "Tài liệu XML không phải là gói tin edXML.",
     "The XML document is not an edXML packet.", resend_vi, resend_en},
    {int(errc::old_namespace), "old_namespace", 422, retry::no, "Gói tin theo định dạng cũ, trước QCVN 102:2016/BTTTT.",
     "The packet has a format from before QCVN 102:2016/BTTTT.", "Đề nghị bên gửi nâng cấp lên edXML 2.0.",
     "Ask the sender to move to edXML 2.0."},
    {int(errc::edxml_1_0), "edxml_1_0", 422, retry::no, "Gói tin theo edXML 1.0 (phong bì SOAP), không được hỗ trợ.",
     "The packet is edXML 1.0 (SOAP envelope), which is not supported.", "Đề nghị bên gửi nâng cấp lên edXML 2.0.",
     "Ask the sender to move to edXML 2.0."},
    {int(errc::encoding_unsupported), "encoding_unsupported", 422, retry::no, "Gói tin không dùng bảng mã UTF-8.",
     "The packet is not in UTF-8.", "Đề nghị bên gửi dùng UTF-8.", "Ask the sender to use UTF-8."},
    {int(errc::not_well_formed), "not_well_formed", 422, retry::no, "Gói tin sai cú pháp XML.",
     "The packet breaks the rules of XML.", resend_vi, resend_en},
    {int(errc::truncated), "truncated", 422, retry::no, "Gói tin bị cắt cụt.", "The packet ends too early.",
     "Đề nghị bên gửi gửi lại.", "Ask the sender to send it again."},
    {int(errc::doctype_refused), "doctype_refused", 422, retry::no, "Gói tin chứa khai báo DOCTYPE, không được phép.",
     "The packet has a DOCTYPE, which is not allowed.", resend_vi, resend_en},
    {int(errc::too_large), "too_large", 413, retry::no, "Gói tin vượt quá kích thước cho phép.",
     "The packet is larger than allowed.", smaller_vi, smaller_en},
    {int(errc::tag_too_long), "tag_too_long", 422, retry::no, "Một thẻ XML dài quá mức cho phép.",
     "An XML tag is longer than allowed.", resend_vi, resend_en},
    {int(errc::too_many_attributes), "too_many_attributes", 422, retry::no, "Một thẻ XML có quá nhiều thuộc tính.",
     "An XML tag has too many attributes.", resend_vi, resend_en},
    {int(errc::too_deep), "too_deep", 422, retry::no, "Các thẻ XML lồng nhau quá sâu.", "The XML is nested too deeply.",
     resend_vi, resend_en},
    {int(errc::too_many_elements), "too_many_elements", 422, retry::no, "Gói tin có quá nhiều thẻ XML.",
     "The packet has too many XML elements.", resend_vi, resend_en},
    {int(errc::text_too_long), "text_too_long", 422, retry::no, "Nội dung ngoài tệp đính kèm dài quá mức cho phép.",
     "A text outside the attachments is longer than allowed.", resend_vi, resend_en},
    {int(errc::too_many_attachments), "too_many_attachments", 422, retry::no, "Gói tin có quá nhiều tệp đính kèm.",
     "The packet has too many attachments.", smaller_vi, smaller_en},
    {int(errc::transfer_markup), "transfer_markup", 422, retry::no,
     "Có thẻ XML lẫn trong dữ liệu base64 của tệp đính kèm.",
     "There is markup inside the base64 text of an attachment.", resend_vi, resend_en},
    {int(errc::from_missing), "from_missing", 422, retry::no, "Thiếu mã định danh của cơ quan gửi (From/OrganId).",
     "The sending organisation's code (From/OrganId) is missing.", resend_vi, resend_en},
    {int(errc::recipient_missing), "recipient_missing", 422, retry::no, "Thiếu cơ quan nhận.", "There is no recipient.",
     resend_vi, resend_en},
    {int(errc::identification_missing), "identification_missing", 422, retry::no,
     "Thiếu mọi thông tin nhận biết văn bản (mã văn bản, số văn bản).",
     "Nothing identifies the document (neither document id nor number).", resend_vi, resend_en},
    {int(errc::status_code_missing), "status_code_missing", 422, retry::no, "Gói tin trạng thái thiếu mã trạng thái.",
     "The status packet has no status code.", resend_vi, resend_en},
    {int(errc::inflated_too_large), "inflated_too_large", 422, retry::no,
     "Tệp đính kèm khi giải nén vượt quá kích thước cho phép.", "An attachment unpacks beyond the allowed size.",
     "Không mở tệp này; đề nghị bên gửi gửi lại tệp không nén.",
     "Do not open the file; ask the sender for the file without compression."},
    {int(errc::field_missing), "field_missing", 422, retry::no, "Thiếu một trường bắt buộc.",
     "A required field is missing.", field_vi, field_en},
    {int(errc::field_too_long), "field_too_long", 422, retry::no, "Một trường dài quá quy định.",
     "A field is longer than the standard allows.", field_vi, field_en},
    {int(errc::field_invalid), "field_invalid", 422, retry::no, "Một trường có giá trị không hợp lệ.",
     "A field has a value that is not valid.", field_vi, field_en},
    {int(errc::field_unknown), "field_unknown", 422, retry::no, "Có trường không được biết đến.",
     "There is a field that does not exist.", field_vi, field_en},
    {int(errc::duplicate_recipient), "duplicate_recipient", 422, retry::no, "Một cơ quan nhận được nêu hai lần.",
     "A recipient is named twice.", "Chỉ nêu mỗi cơ quan nhận một lần.", "Name each recipient once."},
    {int(errc::attachment_missing), "attachment_missing", 404, retry::no, "Không có tệp đính kèm được yêu cầu.",
     "The attachment asked for does not exist.", "Kiểm tra số thứ tự của tệp đính kèm.",
     "Check the number of the attachment."},
};
const error_table table("edxml", rows);

using enum finding_code;
constexpr finding_row findings[] = {
    {byte_order_mark, "byte_order_mark", "Gói tin bắt đầu bằng dấu BOM.", "The packet begins with a byte order mark."},
    {leading_junk, "leading_junk", "Có ký tự thừa trước khai báo XML, đã bỏ qua.",
     "There were stray characters before the XML declaration; they were skipped."},
    {declaration_missing, "declaration_missing", "Thiếu khai báo XML.", "The XML declaration is missing."},
    {unbound_prefix, "unbound_prefix", "Tiền tố không gian tên chưa được khai báo.",
     "A namespace prefix is not declared."},
    {namespace_missing, "namespace_missing", "Thẻ gốc thiếu không gian tên của QCVN 102:2016.",
     "The root element lacks the namespace of QCVN 102:2016."},
    {soap_envelope, "soap_envelope", "Nội dung edXML 2.0 nằm trong phong bì SOAP.",
     "edXML 2.0 content inside a SOAP envelope."},
    {status_element_name, "status_element_name", "Gói tin trạng thái dùng thẻ Status thay cho MessageHeader.",
     "The status packet uses the element Status instead of MessageHeader."},
    {required_missing, "required_missing", "Thiếu trường bắt buộc.", "A required field is missing."},
    {longer_than_standard, "longer_than_standard", "Trường dài hơn quy định.",
     "A field is longer than the standard allows."},
    {value_unknown, "value_unknown", "Giá trị không nằm trong danh mục.", "The value is not one the standard knows."},
    {duplicate_element, "duplicate_element", "Thẻ bị lặp; chỉ dùng thẻ đầu tiên.",
     "An element is repeated; the first one counts."},
    {date_form, "date_form", "Ngày không theo dạng yyyy/MM/dd nhưng vẫn hiểu được.",
     "A date is not written yyyy/MM/dd but can be understood."},
    {date_ambiguous, "date_ambiguous", "Không phân biệt được ngày và tháng; cần người kiểm tra.",
     "Day and month cannot be told apart; a person must look."},
    {date_invalid, "date_invalid", "Ngày hoặc giờ không hợp lệ.", "A date or time is not valid."},
    {date_in_future, "date_in_future", "Ngày ban hành ở tương lai.", "The date of issue is in the future."},
    {duplicate_recipient, "duplicate_recipient", "Cơ quan nhận bị lặp; chỉ gửi một lần.",
     "A recipient is repeated; there is one delivery."},
    {recipient_without_id, "recipient_without_id", "Cơ quan nhận không có mã định danh, đã bỏ qua.",
     "A recipient without a code was left out."},
    {trace_incomplete, "trace_incomplete", "Thông tin vết thiếu mã định danh.",
     "A trace header has no organisation code."},
    {recall_target_inferred, "recall_target_inferred", "Mã văn bản bị thu hồi hoặc cập nhật được suy ra từ phần khác.",
     "The document recalled or updated was taken from another field."},
    {attachments_before_header, "attachments_before_header", "Tệp đính kèm đứng trước phần đầu của gói tin.",
     "Attachments stand before the header."},
    {content_id_missing, "content_id_missing", "Tệp đính kèm thiếu ContentId.", "An attachment has no ContentId."},
    {content_id_duplicate, "content_id_duplicate", "Hai tệp đính kèm có cùng ContentId.",
     "Two attachments have the same ContentId."},
    {manifest_without_attachment, "manifest_without_attachment", "Danh mục nêu một tệp không có trong gói tin.",
     "The manifest names a file that is not in the packet."},
    {attachment_not_in_manifest, "attachment_not_in_manifest", "Tệp đính kèm không có trong danh mục.",
     "An attachment is not in the manifest."},
    {manifest_mismatch, "manifest_mismatch", "Tên tệp trong danh mục khác tên tệp đính kèm.",
     "The manifest gives another file name than the attachment."},
    {attachment_name_missing, "attachment_name_missing", "Tệp đính kèm không có tên.", "An attachment has no name."},
    {attachment_empty, "attachment_empty", "Tệp đính kèm rỗng.", "An attachment is empty."},
    {attachment_damaged, "attachment_damaged", "Tệp đính kèm bị hỏng trên đường truyền.",
     "An attachment was damaged in transit."},
    {duplicate_transfer, "duplicate_transfer", "Một tệp đính kèm có hai phần nội dung; chỉ dùng phần đầu tiên.",
     "An attachment has two contents; the first one counts."},
    {zip_bomb, "zip_bomb", "Tệp nén giải nén ra quá lớn, được giữ nguyên dạng nén.",
     "A compressed attachment unpacks beyond the limit; it is kept packed."},
    {more_findings, "more_findings", "Còn cảnh báo khác, không liệt kê hết.",
     "There are more remarks than are listed."},
};

} // namespace

std::error_code make_error_code(errc e) { return {int(e), table}; }

std::span<const finding_row> finding_rows() { return findings; }

const finding_row& describe(finding_code code) {
    for (const finding_row& row : findings)
        if (row.code == code) return row;
    std::abort(); // every code has its row (tests/edxml/packet.cpp)
}

} // namespace vanthu::edxml
