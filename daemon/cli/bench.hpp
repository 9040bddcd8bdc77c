// vanthu bench: how fast this machine and its disk do what vanthu does, each with its yardstick in the same round.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

// Adds `bench` with its subcommands. exit_code: 0 measured, 1 with a coded reason.
void add_bench_commands(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
