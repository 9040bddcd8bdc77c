// `vanthu verify [--trust DIR] [--crl FILE]... [--at RFC3339] [--policy FILE] [--offline] [--content FILE]
// [--json | --report FILE.xml] FILE...`: the signatures of PDF, XML, CMS and ASiC files.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

// Leaves in `exit_code`: 0 every file is signed and valid; 1 any is invalid, also where another cannot be read; 66 else
// any cannot be read; 2 else any is indeterminate; 3 else any is unsigned; 64 usage, 70 the worker cannot be started.
// Each file is told of. They are parsed by vanthu-inspect.
void add_verify_command(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
