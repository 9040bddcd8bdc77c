// PNG files for tests, made with libpng.
#pragma once

#include "daemon/base/bytes.hpp"

namespace vanthu::test {

struct png_spec {
    unsigned columns = 16, rows = 16;
    int red = 0, blue = 0;
    int dpi = 0;       // 0: the file does not say
    bool ring = false; // only the edge is painted, the rest is transparent
    int kind = 1;      // 0 RGB, 1 RGBA, 2 grey, 3 grey with alpha, 4 palette
    int depth = 8;     // or 16 (not for a palette)
};
bytes png_file(const png_spec& spec);

} // namespace vanthu::test
