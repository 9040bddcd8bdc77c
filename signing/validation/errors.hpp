// Failures of signing/validation. What a signature is worth is a value (report.hpp), not a failure.
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::validation {

enum class errc { report_unreadable = 1 };
std::error_code make_error_code(errc);

} // namespace vanthu::validation

template <> struct std::is_error_code_enum<vanthu::validation::errc> : std::true_type {};
