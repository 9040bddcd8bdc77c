#include "signing/x509/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::x509 {
namespace {
constexpr error_row rows[] = {
    {int(errc::not_a_certificate), "not_a_certificate", 422, retry::no, "Dữ liệu không phải là chứng thư số X.509.",
     "The data is not an X.509 certificate.", "Cung cấp chứng thư số ở dạng PEM hoặc DER.",
     "Give the certificate as PEM or DER."},
    {int(errc::not_a_crl), "not_a_crl", 422, retry::no, "Dữ liệu không phải là danh sách chứng thư bị thu hồi (CRL).",
     "The data is not a certificate revocation list.", "Tải lại CRL từ địa chỉ của cơ quan chứng thực.",
     "Fetch the CRL again from the certification authority."},
    {int(errc::not_a_key), "not_a_key", 422, retry::no, "Dữ liệu không phải là khóa.", "The data is not a key.",
     "Cung cấp khóa ở dạng PEM hoặc DER.", "Give the key as PEM or DER."},
    {int(errc::pin_mismatch), "pin_mismatch", 500, retry::no,
     "Chứng thư số mang tên cơ quan chứng thực Chính phủ nhưng không khớp dấu vân tay đã ghim.",
     "A certificate bears the name of the Government CA but does not match its pinned fingerprint.",
     "Xóa tệp này khỏi thư mục tin cậy và lấy lại chứng thư số từ nguồn chính thức.",
     "Remove the file from the trust folder and take the certificate from the official source."},
    {int(errc::not_a_ca), "not_a_ca", 500, retry::no,
     "Tệp tin cậy chứa chứng thư số không phải của cơ quan chứng thực.",
     "A trust file holds a certificate that is not a certification authority's.",
     "Chỉ đặt chứng thư số của cơ quan chứng thực vào thư mục tin cậy.",
     "Put only certificates of certification authorities into the trust folder."},
    {int(errc::not_an_ocsp_response), "not_an_ocsp_response", 502, retry::yes,
     "Máy chủ OCSP không trả lời bằng một kết quả dùng được.", "The OCSP responder did not give a usable response.",
     "Thử lại; nếu vẫn lỗi, kiểm tra địa chỉ OCSP và proxy, hoặc nhập CRL.",
     "Try again; if it stays, check the OCSP address and the proxy, or import a CRL."},
};
const error_table table("x509", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::x509
