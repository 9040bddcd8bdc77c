// `vanthu reconcile`: asks a running daemon to compare records with other nodes, and shows what it found.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

void add_reconcile_command(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
