// Any bytes are a picture within the limits or are refused.
#include "signing/pdf/picture.hpp"
#include "tests/fuzz/check.hpp"

using namespace vanthu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto read = pdf::picture::from_png({data, size});
    check(!read || (read->width() > 0 && read->height() > 0 && read->width() < 1e7 && read->height() < 1e7));
    return 0;
}
