// Runs the program `vanthu` as a user does.
#pragma once

#include "tests/support/test_ca.hpp"

#include <string>
#include <vector>

namespace vanthu::test {

struct ran {
    int exit_code = 0;
    std::string output; // both streams
};
inline ran vanthu(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) {
    ran out;
    arguments.insert(arguments.begin(), VANTHU_PROGRAM);
    out.exit_code = run(arguments, &out.output, environment);
    return out;
}

} // namespace vanthu::test
