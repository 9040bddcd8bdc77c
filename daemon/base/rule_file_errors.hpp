// Why a file of rules (signing, appearance, calendar) is refused. The detail reads "FILE:LINE: what", so that the operator finds the place.
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::rule_file {

enum class errc {
    syntax = 1,  // not TOML
    unknown_key, // a key or table this version does not know
    wrong_type,  // a value of another kind than the key takes
    bad_value,   // of the right kind, but not one that is allowed
};
std::error_code make_error_code(errc);

} // namespace vanthu::rule_file

template <> struct std::is_error_code_enum<vanthu::rule_file::errc> : std::true_type {};
