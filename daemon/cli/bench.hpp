// vanthu bench deliver: how many documents a second are accepted durably, with the disk's own rate in the same round.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

// Adds `bench` with its subcommands. exit_code: 0 measured, 1 with a coded reason.
void add_bench_commands(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
