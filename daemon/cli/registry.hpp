// vanthu registry check|resolve|route|diff: questions about a registry file, answered without a daemon.
#pragma once

#include <CLI/App.hpp>

namespace vanthu::cli {

// Adds `registry` with its subcommands. After app.parse() `exit_code` is 0 (good), 1 (the file is refused or would
// not be reloaded) or 3 (the code is unknown, the packet would be held).
void add_registry_commands(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
