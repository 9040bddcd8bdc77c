// Failures of daemon/tokens.
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::tokens {

enum class errc {
    guarded = 1,    // a login with this credential failed or its outcome is unknown: nothing is tried until it changes
    guard_unusable, // the guard's own files cannot be read or written: without a record no attempt is made
    queue_full,
    deadline_passed, // the caller's deadline; the token may still be at work
    stopping,
    guard_busy,     // another program has a login of this token open
    third_try,      // two logins in a row failed: the next could be the last that the token allows
    module_hangs,   // an earlier call into the module has not come back
    module_program, // vanthu-token, in which the module runs, cannot be started
    guard_missing,  // the directory named for the record is not there: earlier failures would be forgotten
};
std::error_code make_error_code(errc);

} // namespace vanthu::tokens

template <> struct std::is_error_code_enum<vanthu::tokens::errc> : std::true_type {};
