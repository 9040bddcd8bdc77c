// Any bytes are a picture within the limits or are refused.
#include "signing/pdf/picture.hpp"

#include <cstdlib>

using namespace vanthu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto read = pdf::picture::from_png({data, size});
    if (read && !(read->width() > 0 && read->height() > 0 && read->width() < 1e7 && read->height() < 1e7)) std::abort();
    return 0;
}
