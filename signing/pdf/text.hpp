// The text of a page with its places, as a reader sees it. Internal to signing/pdf.
//
// Limits: text drawn as outlines or pictures is not seen; letters are those of letters.hpp; annotations are read
// through their normal appearance.
#pragma once

#include "daemon/base/bytes.hpp"
#include "signing/pdf/qpdf.hpp"

#include <string>
#include <vector>

namespace vanthu::pdf {

// Runs of letters on one baseline; a gap of two letters' height begins a new line.
struct text_line {
    double x = 0, y = 0, end = 0, size = 0; // left edge, baseline, right edge, height of letters: points, page upright
    std::string text;                       // UTF-8 as the file spells it
    std::vector<double> at;                 // for each byte of `text` the left edge of its letter
};

// Top to bottom, left to right. What cannot be read is left out, and `whole` is then set to false; never throws.
std::vector<text_line> lines_of(QPDFObjectHandle page, bool with_annotations, bool* whole = nullptr);

} // namespace vanthu::pdf
