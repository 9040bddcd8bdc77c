// Keeps wrong PINs from being tried until the token locks. About three wrong entries in a row lock a real token.
//
// Before each C_Login of any kind (the first, the one after the token came back, the ones for a key that wants its PIN
// each time) the attempt is written down durably, per token serial number and credential, and only then is the token
// asked. Success clears it; what stays is a failure or a crash with an unknown outcome.
//
//   credential            known by                       after a failure
//   a regular file        inode, mtime, ctime            not tried again until the file changes
//   a systemd credential  its name: systemd makes the    not tried again until release()
//                         file anew at each start
//   a person              "prompt" (also: a pipe, the    may try once more: two attempts in a row, of any kind, are
//                         keypad of a reader)            all that anybody gets until release()
// Nothing of a PIN is ever written, nor a hash of it. release() is `vanthu token unlock-guard`. Daemon and command line
// share the records under a file lock per token.
//
//   STATE/pin-guard/SERIAL_HEX.lock   locked during an attempt
//   STATE/pin-guard/SERIAL_HEX        while something has failed or is open, lines: "tries N" (attempts since the last
//                                     success) and for each credential that failed "v1 INODE MTIME_NS CTIME_NS",
//                                     "v1 credential NAME" or "v1 prompt". A line that is none of these, or no line:
//                                     shut.
#pragma once

#include "daemon/tokens/errors.hpp"
#include "signing/token/token.hpp"

#include <chrono>
#include <filesystem>

namespace vanthu::tokens {

class pin_guard {
public:
    static constexpr unsigned most_tries = 2; // in a row; the third could be the last that a token allows
    // `patience`: how long an attempt waits for one that another program has open (guard_busy after it).
    explicit pin_guard(std::filesystem::path state_directory,
                       std::chrono::milliseconds patience = std::chrono::seconds(60))
        : directory_(std::move(state_directory)), patience_(patience) {}

    // Reads the PIN from `pin_file` and logs in, or fails with guarded or third_try and asks the token nothing. The
    // card keeps the way through this guard for its later logins. A refusal that spent no try (locked, final try)
    // leaves no record behind.
    result<> login(token::card& card, const std::filesystem::path& pin_file) const;
    // The same with a PIN that a person has typed just now; empty for a reader with its own keypad.
    result<> login_typed(token::card& card, const token::pin& typed) const;
    // The gate that both give to the card. `credential`: as it stands in the record, without "v1 ".
    token::login_gate gate(std::string credential) const;

    // Is a login of this token forbidden with the file as it is now?
    result<bool> closed(const std::string& serial, const std::filesystem::path& pin_file) const;
    // Attempts since the last success.
    result<unsigned> tries(const std::string& serial) const;
    // False: nothing was on record.
    result<bool> release(const std::string& serial) const;

    // One attempt around any login. The gate in other words, for tests and other kinds of token.
    result<bool> attempt(const std::string& serial, const std::string& credential,
                         const token::login_attempt& try_login) const;

private:
    std::filesystem::path directory_;
    std::chrono::milliseconds patience_;
};

// How a PIN file is known; the record's word for it.
result<std::string> credential_name(const std::filesystem::path& pin_file);

} // namespace vanthu::tokens
