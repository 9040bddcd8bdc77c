#include "daemon/base/rule_file_errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::rule_file {
namespace {
constexpr error_row rows[] = {
    {int(errc::syntax), "syntax", 422, retry::no, "Tệp quy tắc không đúng cú pháp TOML.",
     "The file of rules is not TOML.", "Sửa dòng được nêu.", "Correct the line that is named."},
    {int(errc::unknown_key), "unknown_key", 422, retry::no, "Tệp quy tắc có khóa hoặc bảng không được hỗ trợ.",
     "The file of rules has a key or table that is not known.",
     "Đối chiếu tên khóa với tệp mẫu trong conf/.",
     "Compare the name with the sample in conf/."},
    {int(errc::wrong_type), "wrong_type", 422, retry::no, "Giá trị trong tệp quy tắc không đúng kiểu.",
     "A value in the file of rules is of the wrong kind.", "Sửa dòng được nêu theo tệp mẫu.",
     "Correct the line that is named after the sample."},
    {int(errc::bad_value), "bad_value", 422, retry::no, "Giá trị trong tệp quy tắc không được phép.",
     "A value in the file of rules is not allowed.", "Chọn một trong các giá trị được nêu.",
     "Choose one of the values that are named."},
};
const error_table table("rule_file", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::rule_file
