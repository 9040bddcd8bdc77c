// What a test's world cannot do without: the value, or the end of the program with a line that says why.
#pragma once

#include "daemon/base/failure.hpp"

#include <cstdio>
#include <cstdlib>

namespace vanthu::test {

template <class T> T must(const char* what, result<T> r) {
    if (!r) {
        std::fprintf(stderr, "%s: %s %s\n", what, r.error().code.message().c_str(), r.error().detail.c_str());
        std::abort();
    }
    if constexpr (!std::is_void_v<T>) return std::move(*r);
}

} // namespace vanthu::test
