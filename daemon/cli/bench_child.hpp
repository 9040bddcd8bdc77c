// Work done in a process of its own, so that its memory can be told from ours.
#pragma once

#include "daemon/base/failure.hpp"

#include <functional>
#include <string>
#include <vector>

namespace vanthu::cli {

struct child_run {
    bool good = false; // ended with exit code 0
    double seconds = 0, cpu_seconds = 0, peak_mb = 0;
};

// Runs the body in a copy of this process; call it while there are no other threads. `true`: it went well.
child_run in_a_child(const std::function<bool()>& body);
// A program found in PATH, its output thrown away.
child_run run_program(const std::vector<std::string>& command);

} // namespace vanthu::cli
