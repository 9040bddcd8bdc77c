// `vanthu credential new`, `vanthu log-key new`, `vanthu log-key delegate`: the keys a daemon starts with.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

// Keys are written with mode 0600 and never over an existing file. A credentials file is replaced as a whole or not at
// all, keeps its mode and owner, and two commands at once both find their row in it.
void add_key_commands(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
