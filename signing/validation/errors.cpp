#include "signing/validation/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::validation {
namespace {
constexpr error_row rows[] = {
    {int(errc::report_unreadable), "report_unreadable", 500, retry::no, "Không đọc được báo cáo kiểm tra chữ ký.",
     "The verification report cannot be read.", "Kiểm tra lại văn bản; nếu lặp lại, báo quản trị viên.",
     "Verify the document again; if it happens again, tell the administrator."},
};
const error_table table("validation", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::validation
