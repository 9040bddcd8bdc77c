// `vanthu token list|status|test|import|keygen|unlock-guard`: tokens by hand.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

// Adds the command to `app`. A command that ran leaves 0 or 1 in `exit_code`: 1 with a coded reason on standard error,
// or in the JSON with --json. `exit_code` must outlive the parsing. PINs come from files, the systemd credential
// "token-pin" or the terminal, passphrases of PKCS#12 files from files; neither from argv.
void add_token_commands(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
