// This room's findings: one row a code.
#pragma once

#include "signing/verdict.hpp"

namespace vanthu::xml {

// `detail` follows the text in brackets.
signing::finding make_finding(std::string_view code, std::string_view detail = {});

} // namespace vanthu::xml
