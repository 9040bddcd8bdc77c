// vanthu bench sign: signatures a second beside a bare loop on the same software token.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

void add_bench_sign(CLI::App& bench, int& exit_code);

} // namespace vanthu::cli
