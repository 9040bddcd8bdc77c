// vanthu bench deliver: documents accepted durably by a real vanthud over HTTPS, beside what disk and processor allow.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

void add_bench_deliver(CLI::App& bench, int& exit_code);

} // namespace vanthu::cli
