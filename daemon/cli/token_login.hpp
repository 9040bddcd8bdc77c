// How the commands of `vanthu` get a token and its PIN.
#pragma once

#include "daemon/tokens/errors.hpp"
#include "signing/token/token.hpp"

#include <string>

namespace vanthu::cli {

// The module at `option` (--module), or else at `from_uri` (module-path=), or else the p11-kit server of the
// environment (P11_KIT_SERVER_ADDRESS).
result<std::shared_ptr<token::module>> open_module(const std::string& option, const std::string& from_uri);

// `given`, or the systemd credential "token-pin" of this process, or "".
std::string pin_file_or_credential(const std::string& given);

inline constexpr const char* default_state_dir = "/var/lib/vanthu";
// A directory that somebody named and that is not there is a slip of the pen: in a new one no earlier failure would
// count. tokens::errc::guard_missing.
result<> guard_is_there(const std::string& state_dir);

// One login through the PIN guard in `state_dir`. The PIN comes from `pin_file` (as above), from the reader's own
// keypad, or is asked for at the terminal. Nobody is asked where the answer could not be used: locked, final try, two
// failures in a row. token::errc, tokens::errc; guard_is_there().
result<> log_in(token::card& card, const std::string& pin_file, const std::string& state_dir);

} // namespace vanthu::cli
