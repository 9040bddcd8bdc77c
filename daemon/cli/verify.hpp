// `vanthu verify [--trust DIR] [--crl FILE]... [--at RFC3339] [--policy FILE] [--offline] [--content FILE]
// [--json | --report FILE.xml] FILE...`: the signatures of PDF, XML, CMS and ASiC files.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

// Leaves in `exit_code`: 0 every file is signed and valid; 1 any is invalid; 2 else any is indeterminate; 3 else any is
// unsigned; 64 usage, 66 a file cannot be read, 70 the worker cannot be started. The files are parsed by
// vanthu-inspect.
void add_verify_command(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
