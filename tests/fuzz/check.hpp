// What a fuzz target promises of every input.
#pragma once

#include <cstdlib>

inline void check(bool good) {
    if (!good) std::abort();
}
