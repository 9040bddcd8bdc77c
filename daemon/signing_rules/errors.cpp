#include "daemon/signing_rules/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::signing_rules {
namespace {
constexpr error_row rows[] = {
    {int(errc::syntax), "syntax", 422, retry::no, "Tệp quy tắc ký không đúng cú pháp TOML.",
     "The file of signing rules is not TOML.", "Sửa dòng được nêu.", "Correct the line that is named."},
    {int(errc::unknown_key), "unknown_key", 422, retry::no, "Tệp quy tắc ký có khóa hoặc bảng không được hỗ trợ.",
     "The file of signing rules has a key or table that is not known.",
     "Đối chiếu tên khóa với tệp mẫu trong conf/ và docs/signing.md.",
     "Compare the name with the sample in conf/ and with docs/signing.md."},
    {int(errc::wrong_type), "wrong_type", 422, retry::no, "Giá trị trong tệp quy tắc ký không đúng kiểu.",
     "A value in the file of signing rules is of the wrong kind.", "Sửa dòng được nêu theo tệp mẫu.",
     "Correct the line that is named after the sample."},
    {int(errc::bad_value), "bad_value", 422, retry::no, "Giá trị trong tệp quy tắc ký không được phép.",
     "A value in the file of signing rules is not allowed.", "Chọn một trong các giá trị được nêu.",
     "Choose one of the values that are named."},
};
const error_table table("signing_rules", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::signing_rules
