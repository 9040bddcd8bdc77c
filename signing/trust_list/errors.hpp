// Why a trust list is not used.
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::trust_list {

enum class errc {
    not_signed_by_operator = 1, // not exactly one valid signature, over the whole list, by a pinned certificate
    not_a_list,                 // no trust list of a version that is known here
};
std::error_code make_error_code(errc);

} // namespace vanthu::trust_list

template <> struct std::is_error_code_enum<vanthu::trust_list::errc> : std::true_type {};
