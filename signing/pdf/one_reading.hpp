// What of a file, with nothing appended to it, readers take differently. QPDF shows one reading; nothing is signed or
// called valid where another is known. Internal to signing/pdf.
#pragma once

#include "signing/pdf/document.hpp"

namespace vanthu::pdf {

// A linearisation parameter dictionary is looked at where its /L is the size of the file: PDFium and poppler then read
// the first cross-reference and not the last. Could that become true of a file that begins with `d`, which is signed to
// its end, once something is appended to it; or has it become true by what was signed? It could not where /L is smaller
// than `d`, as in a file that was linear before it was signed. Source: ISO 32000-2 annex F.3.3.
bool may_turn_linear(const document& d);
// Is the size, as some reader counts it, what a linearisation dictionary of the file says?
bool is_linear_by_size(const document& d);

} // namespace vanthu::pdf
