#include "daemon/cli/bench.hpp"

#include "daemon/cli/bench_deliver.hpp"
#include "daemon/cli/bench_queue.hpp"
#include "daemon/cli/bench_sign.hpp"
#include "daemon/cli/bench_verify.hpp"

#include <CLI/CLI.hpp>

namespace vanthu::cli {

void add_bench_commands(CLI::App& app, int& exit_code) {
    CLI::App* bench = app.add_subcommand("bench", "Đo tốc độ / measure speed");
    bench->require_subcommand(1);
    add_bench_deliver(*bench, exit_code);
    add_bench_queue(*bench, exit_code);
    add_bench_sign(*bench, exit_code);
    add_bench_verify(*bench, exit_code);
}

} // namespace vanthu::cli
