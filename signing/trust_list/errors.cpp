#include "signing/trust_list/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::trust_list {
namespace {
constexpr error_row rows[] = {
    {int(errc::not_signed_by_operator), "not_signed_by_operator", 500, retry::no,
     "Danh sách tin cậy không có chữ ký hợp lệ của bên phát hành đã ghim.",
     "The trust list has no valid signature by a pinned operator.",
     "Tải lại danh sách từ nguồn chính thức; kiểm tra chứng thư số của bên phát hành trong lists/signers.",
     "Fetch the list again from the official source; check the operator's certificate in lists/signers."},
    {int(errc::not_a_list), "not_a_list", 500, retry::no, "Tệp không phải là danh sách tin cậy theo ETSI TS 119 612.",
     "The file is no trust list of ETSI TS 119 612.", "Đặt đúng tệp danh sách tin cậy (XML) vào lists/.",
     "Put the trust list itself (XML) into lists/."},
};
const error_table table("trust_list", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::trust_list
