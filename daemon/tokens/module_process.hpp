// A token vendor's PKCS#11 module in a process of its own, so that its crash or its hanging is a coded failure here.
//
//   this process ── p11-kit-client.so ── Unix socket (0600, in a folder 0700, gone once connected) ── vanthu-token
//   MODULE
// vanthu-token runs as the same user, leaves no core dump, cannot be traced and ends with this process. A single call
// that takes longer than `call_limit` ends it. A module of another user is the matter of systemd/vanthu-p11kit.service:
// then p11-kit-client.so is loaded here and nothing is started. Threads: any. Calls of several threads are answered one
// after another.
#pragma once

#include "daemon/tokens/errors.hpp"
#include "signing/token/token.hpp"

#include <chrono>
#include <filesystem>

namespace vanthu::tokens {

struct module_process_options {
    std::filesystem::path program; // vanthu-token; empty: find_token_program()
    std::chrono::seconds load_limit{30};
    std::chrono::seconds call_limit{120}; // of one PKCS#11 call; making a key pair may take five times as long
};

class module_process {
public:
    // module_program; token::errc::module_not_loaded with the module's own words; module_ended when it crashed
    // meanwhile. SIGPIPE is ignored from here on where it was not handled: p11-kit writes to a socket that may be
    // closed.
    static result<std::shared_ptr<module_process>> start(const std::string& module_path,
                                                         module_process_options options = {});
    ~module_process(); // ends it
    module_process(const module_process&) = delete;

    // Keeps the process running while somebody holds it. After its end each call fails with token::errc::module_ended,
    // or deadline_passed where it was ended for hanging.
    std::shared_ptr<token::module> library();
    // Calls in progress come back with a failure.
    void end();
    // Why it is no longer there; nothing: it runs. `patience`: how long its end is waited for.
    std::optional<failure> ended(std::chrono::milliseconds patience = {}) const;

private:
    struct state;
    std::shared_ptr<state> state_;
    explicit module_process(std::shared_ptr<state> s);
};

// The module at `path` in a process of its own; p11-kit-client.so, which is a way to another process already, in this
// one.
result<std::shared_ptr<token::module>> load_apart(const std::string& path);

// Beside this program or where it is installed; empty: nowhere.
std::filesystem::path find_token_program();

} // namespace vanthu::tokens
