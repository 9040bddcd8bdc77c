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

// Is a name or a word of an object or a trailer spelled with a byte that some readers take for white space, or for the
// end of the name: 80 and FF (PDFium), control characters (QPDF: 0B)? "/Kids\xff" is another key to them. Escaped it is
// fine, and so are other bytes above 7F, with which fonts and colours are named. Throws what QPDF throws.
bool has_split_names(const document& d);

} // namespace vanthu::pdf
