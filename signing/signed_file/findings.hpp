// The remarks of this room: codes "file...." with both texts.
#pragma once

#include "signing/verdict.hpp"

namespace vanthu::signed_file {

// `code` must be one of the table in findings.cpp; the detail is appended in brackets.
signing::finding make_finding(std::string_view code, std::string_view detail = {});

} // namespace vanthu::signed_file
