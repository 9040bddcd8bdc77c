// Findings about a PDF: one row a code. Internal to signing/pdf.
#pragma once

#include "signing/verdict.hpp"

#include <string_view>

namespace vanthu::pdf {

// `detail` follows the text in brackets.
signing::finding make_finding(std::string_view code, std::string_view detail = {});

} // namespace vanthu::pdf
