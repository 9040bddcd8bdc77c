#include "signing/pdf/errors.hpp"

namespace vanthu::pdf {
namespace {

constexpr int of(errc e) { return static_cast<int>(e); }

constexpr error_row rows[] = {
    {of(errc::not_a_pdf), "not_a_pdf", 422, retry::no, "Tệp không phải là PDF.", "The file is not a PDF.",
     "Chuyển văn bản sang PDF rồi thực hiện lại.", "Convert the document to PDF and try again."},
    {of(errc::damaged), "damaged", 422, retry::no, "Tệp PDF bị hỏng cấu trúc nên không thể ký an toàn.",
     "The structure of the PDF is damaged, so it cannot be signed safely.",
     "Xuất lại tệp PDF từ văn bản gốc; không sửa tệp đã có chữ ký số.",
     "Export the PDF again from its source; do not repair a file that already carries a signature."},
    {of(errc::encrypted), "encrypted", 422, retry::no, "Tệp PDF được đặt mật khẩu hoặc mã hóa.",
     "The PDF is encrypted or protected by a password.", "Xuất lại tệp PDF không đặt mật khẩu rồi ký.",
     "Export the PDF without a password, then sign it."},
    {of(errc::too_large), "too_large", 413, retry::no, "Tệp PDF vượt quá dung lượng cho phép khi ký.",
     "The PDF exceeds the size that can be signed.", "Giảm dung lượng hoặc tách văn bản thành nhiều tệp.",
     "Reduce the size or split the document into several files."},
    {of(errc::xfa_form), "xfa_form", 422, retry::no, "Tệp PDF chứa biểu mẫu XFA nên nội dung hiển thị không cố định.",
     "The PDF contains an XFA form, so what it shows is not fixed.", "In lại thành PDF thông thường rồi ký.",
     "Print it to an ordinary PDF, then sign that."},
    {of(errc::changes_forbidden), "changes_forbidden", 422, retry::no,
     "Chữ ký đã có trong tệp không cho phép bất kỳ thay đổi nào, kể cả thêm chữ ký.",
     "A signature already in the file forbids every change, further signatures included.",
     "Ký lại từ bản gốc với quyền thay đổi phù hợp.",
     "Start again from the unsigned original with suitable permissions."},
    {of(errc::field_locked), "field_locked", 422, retry::no,
     "Ô số, ngày tháng hoặc ô con dấu đã bị khóa hoặc đã được điền.",
     "The number, date or seal field is locked or already filled.",
     "Kiểm tra xem văn bản đã được phát hành chưa; nếu đã phát hành thì không đóng dấu lại.",
     "Check whether the document was already issued; an issued document is not sealed again."},
    {of(errc::number_and_date_required), "number_and_date_required", 422, retry::no,
     "Phát hành văn bản cần có số, ký hiệu và ngày tháng năm.", "Issuing a document needs its number and its date.",
     "Nhập số, ký hiệu và ngày tháng năm ban hành.", "Give the number with its notation and the date of issue."},
    {of(errc::seal_place_is_fixed), "seal_place_is_fixed", 422, retry::no,
     "Vị trí con dấu đã được ấn định khi lãnh đạo ký nên không thể chọn vị trí khác.",
     "The place of the seal was fixed when the leader signed and cannot be chosen again.",
     "Bỏ tùy chọn trang và khung vị trí rồi ký lại.", "Leave out the page and rectangle, then sign again."},
    {of(errc::page_out_of_range), "page_out_of_range", 422, retry::no, "Số trang không có trong văn bản.",
     "The document has no such page.", "Chọn số trang từ 1 đến trang cuối.", "Choose a page from 1 to the last page."},
    {of(errc::bad_rectangle), "bad_rectangle", 422, retry::no, "Khung vị trí chữ ký không nằm trọn trong trang.",
     "The rectangle of the signature does not lie within the page.", "Chọn lại khung vị trí (đơn vị point).",
     "Choose another rectangle (in points)."},
    {of(errc::bad_text), "bad_text", 422, retry::no,
     "Chuỗi ký tự không hợp lệ: cần UTF-8 dựng sẵn (NFC), không có ký tự điều khiển, không quá 200 ký tự.",
     "The text is not usable: it must be UTF-8 in NFC, without control characters and at most 200 characters.",
     "Nhập lại bằng bộ gõ Unicode dựng sẵn.", "Enter the text again in composed Unicode (NFC)."},
    {of(errc::font_unusable), "font_unusable", 500, retry::no, "Không dùng được phông chữ đã cấu hình.",
     "The configured font cannot be used.", "Cài gói fonts-liberation2 hoặc chỉ định phông TrueType khác.",
     "Install fonts-liberation2 or name another TrueType font."},
    {of(errc::glyph_missing), "glyph_missing", 422, retry::no, "Phông chữ không có đủ ký tự cần hiển thị.",
     "The font lacks a character that must be shown.", "Dùng phông chữ có đủ chữ tiếng Việt, ví dụ Liberation Serif.",
     "Use a font with all Vietnamese letters, for example Liberation Serif."},
    {of(errc::contents_too_small), "contents_too_small", 500, retry::no,
     "Chỗ dành cho chữ ký nhỏ hơn chữ ký cùng chuỗi chứng thư và dấu thời gian.",
     "The space reserved is smaller than the signature with its chain and time stamp.", "Ký lại với chỗ dành lớn hơn.",
     "Sign again with a larger reserve."},
    {of(errc::wrong_token), "wrong_token", 502, retry::yes, "Dấu thời gian nhận được không phải của tệp này.",
     "The time stamp received is not about this file.", "Xin lại dấu thời gian rồi thực hiện lại.",
     "Request the time stamp again."},
    {of(errc::bad_picture), "bad_picture", 422, retry::no,
     "Không dùng được ảnh chữ ký hoặc ảnh con dấu: cần tệp PNG nguyên vẹn, mỗi cạnh không quá 4096 điểm ảnh.",
     "The picture of the signature or seal cannot be used: it must be a whole PNG of at most 4096 pixels a side.",
     "Lưu lại ảnh dưới dạng PNG nền trong suốt với độ phân giải từ 30 đến 2400 dpi.",
     "Save the picture as a transparent PNG with 30 to 2400 dpi."},
    {of(errc::place_not_found), "place_not_found", 422, retry::no, "Không tìm thấy vị trí đặt chữ ký trong văn bản.",
     "The place of the signature was not found in the document.",
     "Chỉ định trang và khung vị trí, hoặc cụm từ đứng tại vị trí ký.",
     "Name the page and rectangle, or the words that stand where to sign."},
    {of(errc::place_ambiguous), "place_ambiguous", 422, retry::no, "Văn bản có nhiều vị trí ký nên không thể tự chọn.",
     "The document has several places to sign, so none is chosen by itself.",
     "Chỉ định trang và khung vị trí, hoặc cụm từ đứng tại vị trí ký.",
     "Name the page and rectangle, or the words that stand where to sign."},
    {of(errc::no_room), "no_room", 422, retry::no,
     "Không còn chỗ trống để đặt chữ ký hoặc con dấu tại vị trí quy định.",
     "There is no room left for the signature or seal at its place.", "Chỉ định trang và khung vị trí còn trống.",
     "Name a page and a free rectangle."},
    {of(errc::bad_pattern), "bad_pattern", 422, retry::no, "Mẫu nội dung hiển thị của chữ ký không hợp lệ.",
     "The pattern of the signature's visible text is malformed.",
     "Chỉ dùng các biến đã quy định, ví dụ {number}, {date}, {time}.",
     "Use only the documented variables, such as {number}, {date}, {time}."},
    {of(errc::text_required), "text_required", 422, retry::no, "Loại chữ ký này cần có nội dung để hiển thị.",
     "This kind of signature needs a text to show.", "Nhập nội dung ý kiến hoặc thông tin văn bản đến.",
     "Enter the comment or the details of the incoming document."},
    {of(errc::changed_after_signing), "changed_after_signing", 422, retry::no,
     "Tệp đã có chữ ký số nhưng bị thay đổi sau khi ký theo cách không được phép, nên không thể ký tiếp hay bổ sung.",
     "The file carries a signature and was changed after signing in a way that is not allowed, so nothing is added to "
     "it.",
     "Chạy vanthu verify để xem lý do; lấy lại tệp từ nơi đã ký.",
     "See why with vanthu verify; obtain the file again from whoever signed it."},
    {of(errc::field_unfit), "field_unfit", 422, retry::no,
     "Văn bản có sẵn ô số, ngày tháng hoặc ô con dấu khác với ô mà chữ ký lãnh đạo tạo ra: quá lớn, sai vị trí, trùng "
     "tên "
     "hoặc có hình vẽ, lệnh kèm theo.",
     "The document brings a number, date or seal field unlike those that the leader's signature lays out: too large, "
     "in "
     "another place, of a name used twice, or with drawings or actions.",
     "Bỏ ô đó khỏi tệp (để vanthu tự tạo) hoặc thu nhỏ về phần đầu trang thứ nhất rồi ký lại.",
     "Remove the field, so that vanthu makes it, or make it small and place it in the heading of the first page."},
};
const error_table table("pdf", rows);

} // namespace

std::error_code make_error_code(errc e) { return {static_cast<int>(e), table}; }

} // namespace vanthu::pdf
