// vanthu bench queue: what a long queue costs: the start, the memory, and an accept.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

// Adds `queue` to `bench`. exit_code: 0 measured, 1 with a coded reason.
void add_bench_queue(CLI::App& bench, int& exit_code);

} // namespace vanthu::cli
