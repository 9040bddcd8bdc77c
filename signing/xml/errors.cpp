#include "signing/xml/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::xml {
namespace {
constexpr error_row rows[] = {
    {int(errc::not_xml), "not_xml", 422, retry::no, "Dữ liệu không phải là XML đúng quy tắc.",
     "The data is not well-formed XML.", "Kiểm tra lại tệp XML.", "Check the XML file."},
    {int(errc::doctype_refused), "doctype_refused", 422, retry::no, "Tệp XML có khai báo DOCTYPE nên bị từ chối.",
     "The XML file has a DOCTYPE, which is refused.", "Bỏ khai báo DOCTYPE rồi ký lại.",
     "Remove the DOCTYPE and sign again."},
    {int(errc::encoding_unsupported), "encoding_unsupported", 422, retry::no,
     "Tệp XML không dùng bảng mã UTF-8 hoặc không phải XML 1.0.", "The XML file is not UTF-8, or not XML 1.0.",
     "Lưu tệp ở bảng mã UTF-8.", "Save the file as UTF-8."},
    {int(errc::over_budget), "over_budget", 422, retry::no, "Tệp XML vượt giới hạn xử lý an toàn.",
     "The XML file exceeds the limits of safe processing.", "Chia nhỏ tệp hoặc nâng giới hạn trong cấu hình.",
     "Split the file or raise the limits."},
    {int(errc::no_signature), "no_signature", 422, retry::no, "Tệp XML không có chữ ký cần tìm.",
     "The XML file does not have the signature that is asked for.", "Kiểm tra tệp và số thứ tự chữ ký.",
     "Check the file and the signature's number."},
    {int(errc::already_signed), "already_signed", 409, retry::no,
     "Tệp XML đã có chữ ký; thêm chữ ký bao trùm nữa sẽ làm hỏng chữ ký cũ.",
     "The XML file is signed; another enveloped signature would break the one it has.",
     "Dùng chữ ký tách rời hoặc vùng chứa ASiC.", "Use a detached signature or an ASiC container."},
    {int(errc::place_not_found), "place_not_found", 422, retry::no, "Không tìm thấy chỗ đặt chữ ký trong tệp XML.",
     "The place for the signature is not in the XML file.", "Kiểm tra tệp có đúng định dạng không.",
     "Check that the file has the expected format."},
    {int(errc::signature_malformed), "signature_malformed", 422, retry::no, "Cấu trúc chữ ký XML không đúng quy định.",
     "The structure of the XML signature is wrong.", "Yêu cầu bên gửi ký lại bằng công cụ đúng chuẩn.",
     "Ask the sender to sign again with a tool that follows the standard."},
    {int(errc::algorithm_refused), "algorithm_refused", 422, retry::no,
     "Chữ ký XML dùng thuật toán hoặc phép biến đổi không được chấp nhận.",
     "The XML signature uses an algorithm or a transform that is not accepted.",
     "Yêu cầu bên gửi ký lại với SHA-256 và không dùng XPath, XSLT.",
     "Ask the sender to sign again with SHA-256 and without XPath or XSLT."},
    {int(errc::reference_refused), "reference_refused", 422, retry::no,
     "Chữ ký XML tham chiếu đến nội dung ngoài phạm vi cho phép.",
     "The XML signature refers to content that it may not refer to.", "Không tin chữ ký này; yêu cầu ký lại.",
     "Do not trust this signature; ask for a new one."},
    {int(errc::reference_missing), "reference_missing", 422, retry::no, "Không có nội dung mà chữ ký XML tham chiếu.",
     "What the XML signature refers to is not there.", "Cung cấp đủ các tệp đã ký.", "Supply all the files signed."},
    {int(errc::id_ambiguous), "id_ambiguous", 422, retry::no,
     "Định danh mà chữ ký XML tham chiếu xuất hiện nhiều lần trong tệp.",
     "An id that the XML signature refers to is there more than once.",
     "Không tin chữ ký này; có thể tệp đã bị can thiệp.",
     "Do not trust this signature; the file may have been tampered with."},
    {int(errc::key_unfit), "key_unfit", 422, retry::no, "Khóa ký không phù hợp với thuật toán đã chọn.",
     "The signing key does not fit the chosen scheme.",
     "Chọn thuật toán phù hợp với loại khóa (RSA từ 2048 bit hoặc ECDSA P-256, P-384).",
     "Choose a scheme that fits the key (RSA of 2048 bits or more, or ECDSA on P-256 or P-384)."},
    {int(errc::signer_failed), "signer_failed", 502, retry::no,
     "Chữ ký vừa tạo không khớp với chứng thư số của người ký nên đã bị hủy.",
     "The fresh signature does not verify with the signer's certificate and was discarded.",
     "Kiểm tra khóa và chứng thư số trên thiết bị có đi cùng nhau không.",
     "Check that key and certificate on the token belong together."},
    {int(errc::timestamp_mismatch), "timestamp_mismatch", 502, retry::yes,
     "Dấu thời gian không ứng với nội dung cần đóng dấu.", "The time stamp is not about what is to be stamped.",
     "Xin dấu thời gian mới rồi thử lại.", "Get a new time stamp and try again."},
};
const error_table table("xml", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::xml
