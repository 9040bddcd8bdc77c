#include "signing/cms/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::cms {
namespace {
constexpr error_row rows[] = {
    {int(errc::not_cms), "not_cms", 422, retry::no, "Dữ liệu không phải là chữ ký CMS dùng được.",
     "The data is not a CMS signature that can be used.", "Kiểm tra lại tệp chữ ký.", "Check the signature file."},
    {int(errc::key_unfit), "key_unfit", 422, retry::no, "Khóa ký không phù hợp với thuật toán đã chọn.",
     "The signing key does not fit the chosen scheme.",
     "Chọn thuật toán phù hợp với loại khóa (RSA từ 2048 bit hoặc ECDSA P-256, P-384).",
     "Choose a scheme that fits the key (RSA of 2048 bits or more, or ECDSA on P-256 or P-384)."},
    {int(errc::signer_failed), "signer_failed", 502, retry::no,
     "Chữ ký vừa tạo không khớp với chứng thư số của người ký nên đã bị hủy.",
     "The fresh signature does not verify with the signer's certificate and was discarded.",
     "Kiểm tra khóa và chứng thư số trên thiết bị có đi cùng nhau không.",
     "Check that key and certificate on the token belong together."},
    {int(errc::not_a_timestamp_reply), "not_a_timestamp_reply", 502, retry::yes,
     "Máy chủ cấp dấu thời gian trả về dữ liệu không đúng chuẩn RFC 3161.",
     "The time stamp authority answered with something that is no RFC 3161 reply.",
     "Kiểm tra địa chỉ máy chủ cấp dấu thời gian và máy chủ trung gian (proxy).",
     "Check the address of the time stamp authority and the proxy."},
    {int(errc::timestamp_refused), "timestamp_refused", 502, retry::yes, "Máy chủ cấp dấu thời gian từ chối yêu cầu.",
     "The time stamp authority refused the request.", "Thử lại sau hoặc liên hệ đơn vị cung cấp dấu thời gian.",
     "Try again later or ask the operator of the time stamp authority."},
    {int(errc::timestamp_mismatch), "timestamp_mismatch", 502, retry::yes,
     "Dấu thời gian nhận được không ứng với yêu cầu đã gửi.",
     "The time stamp does not answer the request that was sent.",
     "Thử lại; nếu vẫn lỗi, không tin máy chủ cấp dấu thời gian này.",
     "Try again; if it stays so, do not trust this time stamp authority."},
    {int(errc::timestamp_bad_signature), "timestamp_bad_signature", 502, retry::yes,
     "Chữ ký của dấu thời gian không đúng.", "The signature of the time stamp token is wrong.",
     "Thử lại; nếu vẫn lỗi, không tin máy chủ cấp dấu thời gian này.",
     "Try again; if it stays so, do not trust this time stamp authority."},
    {int(errc::over_budget), "over_budget", 422, retry::no, "Tệp chữ ký vượt giới hạn xử lý.",
     "The signature file is beyond what is processed.", "Kiểm tra lại nguồn gốc của tệp.",
     "Check where the file comes from."},
    {int(errc::content_differs), "content_differs", 422, retry::no, "Nội dung không phải là nội dung đã được ký.",
     "The content is not what was signed.", "Chọn đúng tệp mà chữ ký này đi kèm.",
     "Choose the file that belongs to this signature."},
    {int(errc::no_such_signer), "no_such_signer", 422, retry::no, "Chữ ký không có người ký thứ được nêu.",
     "The signature does not have that signer.", "Kiểm tra lại số thứ tự của người ký.",
     "Check the number of the signer."},
    {int(errc::old_archive_stamp), "old_archive_stamp", 422, retry::no,
     "Chữ ký mang dấu thời gian lưu trữ kiểu cũ; bổ sung dữ liệu sẽ làm hỏng dấu này.",
     "The signature carries an archive time stamp of an old kind, which adding data would break.",
     "Giữ nguyên tệp và lưu trữ bằng một vỏ chứa ASiC có dấu thời gian.",
     "Keep the file as it is and archive it in a time-stamped ASiC container."},
};
const error_table table("cms", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::cms
