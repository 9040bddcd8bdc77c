// Keeps a wrong PIN from being tried until the token locks. About three wrong entries lock a real token.
//
// Before each login the attempt is written down durably, per token serial number and state of the credential file
// (inode, mtime, ctime; never anything of the PIN itself), and only then is the token asked. Success clears the record;
// what stays is a failure or a crash with an unknown outcome, and both forbid a login until the file changes or
// release() is called (vanthu token unlock-guard). Daemon and command line share the records under a file lock.
//
//   STATE/pin-guard.lock          locked during an attempt
//   STATE/pin-guard/SERIAL_HEX    "v1 INODE MTIME_NS CTIME_NS\n" while an attempt is open or failed
#pragma once

#include "daemon/tokens/errors.hpp"
#include "signing/token/token.hpp"

#include <filesystem>

namespace vanthu::tokens {

class pin_guard {
public:
    explicit pin_guard(std::filesystem::path state_directory) : directory_(std::move(state_directory)) {}

    // Reads the PIN from `pin_file` and calls card.login once, or fails with `guarded` and asks the token nothing.
    // A refusal that spent no try (locked, final try, token not found) leaves no record behind.
    result<> login(token::card& card, const std::filesystem::path& pin_file) const;
    // The same around any login, for tests and other kinds of token.
    result<> attempt(const std::string& serial, const std::filesystem::path& pin_file,
                     const std::function<result<>(const token::pin&)>& try_login) const;
    // Is a login of this token forbidden with the file as it is now?
    result<bool> closed(const std::string& serial, const std::filesystem::path& pin_file) const;
    result<> release(const std::string& serial) const;

private:
    std::filesystem::path directory_;
};

} // namespace vanthu::tokens
