#include "adapters/trust_services/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::trust_services {
namespace {
constexpr error_row rows[] = {
    {int(errc::offline), "offline", 503, retry::no, "Đang ở chế độ ngoại tuyến nên không hỏi máy chủ nào.",
     "Working offline: no server is asked.",
     "Bỏ --offline, hoặc nhập CRL bằng --crl, hoặc chép kết quả vào thư mục bộ nhớ đệm.",
     "Leave out --offline, or import a CRL with --crl, or bring the evidence into the cache folder."},
    {int(errc::no_address), "no_address", 422, retry::no,
     "Chứng thư số không ghi địa chỉ OCSP, CRL hoặc chứng thư cấp trên.",
     "The certificate names no address for OCSP, CRL or its issuer.",
     "Nhập CRL hoặc chứng thư của cơ quan chứng thực vào thư mục tin cậy.",
     "Import the CRL, or put the issuer's certificate into the trust folder."},
    {int(errc::http_failed), "http_failed", 502, retry::yes,
     "Máy chủ của cơ quan chứng thực tạm thời không phục vụ được.",
     "The certification authority's server cannot serve right now.", "Thử lại sau ít phút.",
     "Try again in a few minutes."},
    {int(errc::http_refused), "http_refused", 502, retry::no, "Máy chủ của cơ quan chứng thực từ chối yêu cầu.",
     "The certification authority's server refused the request.",
     "Kiểm tra địa chỉ, bảng đổi địa chỉ (rewrite) và proxy.", "Check the address, the rewrite map and the proxy."},
    {int(errc::unfit_answer), "unfit_answer", 502, retry::yes,
     "Câu trả lời của máy chủ không khớp với yêu cầu nên không dùng.",
     "The server's answer does not fit the request and is not used.",
     "Thử lại; nếu lặp lại, báo cơ quan chứng thực và kiểm tra đường truyền.",
     "Try again; if it happens again, tell the authority and check what stands in between."},
    {int(errc::address_not_allowed), "address_not_allowed", 502, retry::no,
     "Địa chỉ ghi trong chứng thư số trỏ vào mạng nội bộ nên không được hỏi.",
     "The address in the certificate leads into a private network and is not asked.",
     "Nếu đó đúng là máy chủ của cơ quan chứng thực, thêm --allow-address TÊN hoặc MẠNG, hoặc --rewrite; nếu không, "
     "báo "
     "người quản trị: chứng thư này đáng ngờ.",
     "If that is the authority's server indeed, add --allow-address with its host or network, or --rewrite; otherwise "
     "tell the administrator: the certificate is suspicious."},
    {int(errc::too_many_issuers), "too_many_issuers", 422, retry::no,
     "Văn bản thiếu chứng thư cấp trên của quá nhiều chứng thư số.",
     "The issuers of too many certificates are missing from the document.",
     "Đưa chứng thư của các cơ quan chứng thực vào thư mục tin cậy, trong intermediates.",
     "Put the authorities' certificates into the trust folder, below intermediates."},
    {int(errc::not_http), "not_http", 422, retry::no, "Địa chỉ máy chủ không phải là địa chỉ http:// hay https://.",
     "The server's address is none of http:// or https://.", "Sửa địa chỉ trong --tsa hoặc --rewrite.",
     "Correct the address in --tsa or --rewrite."},
};
const error_table table("trust_services", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::trust_services
