// `vanthu registry plan`: asks a running daemon what a new registry file would do to what it holds.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

// Below `vanthu registry`.
void add_registry_plan(CLI::App& registry, int& exit_code);

} // namespace vanthu::cli
