// `vanthu packet check|show|make|extract`: packets as files, without a daemon.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

// Adds the commands to `app`. A command that ran leaves 0 or 1 in `exit_code`: 0 done (also with findings), 1 with a
// coded reason on standard error, or in the JSON with --json. `exit_code` must outlive the parsing.
void add_packet_commands(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
