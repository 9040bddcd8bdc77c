// Failures of daemon/tokens.
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::tokens {

enum class errc {
    guarded = 1,    // an earlier login failed or its outcome is unknown: nothing is tried until the PIN file changes
    guard_unusable, // the guard's own files cannot be read or written: without a record no attempt is made
    queue_full,
    deadline_passed, // the caller's deadline; the token may still be at work
    stopping,
};
std::error_code make_error_code(errc);

} // namespace vanthu::tokens

template <> struct std::is_error_code_enum<vanthu::tokens::errc> : std::true_type {};
