// vanthu bench verify: verifications a second beside OpenSSL's CMS_verify and xmlsec1 over the same bytes.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

void add_bench_verify(CLI::App& bench, int& exit_code);

} // namespace vanthu::cli
