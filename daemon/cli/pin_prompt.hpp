// A PIN or passphrase typed at the terminal, without echo.
#pragma once

#include "signing/token/errors.hpp"
#include "signing/token/pin.hpp"

#include <string_view>

namespace vanthu::cli {

// Shows `question` on the controlling terminal and reads one line. token::errc::pin_needed where there is no terminal
// or nothing was typed. The echo is on again whatever ends the question: SIGINT, SIGTERM, SIGHUP and SIGQUIT take their
// course after that, and after SIGTSTP (Ctrl-Z) the question is asked again. One question at a time in a process.
result<token::pin> ask_for_pin(std::string_view question);

// Neither a core dump nor another process of the same user gets at this one's memory from here on.
void keep_memory_private();

} // namespace vanthu::cli
