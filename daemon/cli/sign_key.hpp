// The key that a signing command was told to use.
#pragma once

#include "signing/cms/build.hpp"
#include "signing/x509/path.hpp"

#include <string>

namespace CLI {
class App;
}

namespace vanthu::cli {

struct key_options {
    std::string key;      // pkcs11:URI | p12:FILE
    std::string pin_file; // "": the systemd credential "token-pin", then a prompt where there is a terminal
    std::string module_path, state_dir = "/var/lib/vanthu"; // default_state_dir
    std::string scheme; // "pkcs1" | "pss" | "ecdsa"; "": what deployed tools expect of the key
};
void add_key_options(CLI::App& command, key_options& o);

// Logs in once; the PIN is wiped. sign_errc::bad_arguments, token::errc, tokens::errc.
result<cms::signer> open_key(const key_options& o);

} // namespace vanthu::cli
