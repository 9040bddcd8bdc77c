// What ordinary programs write into a later revision and nobody sees. Internal to signing/pdf.
#pragma once

#include "signing/pdf/qpdf.hpp"

namespace vanthu::pdf {

// A document information that some writers make and do not use: texts and names, of which nothing can be drawn.
bool is_flat(QPDFObjectHandle object);

// Nothing but the flags /F switched on with which a signed widget is printed and cannot be moved, as Acrobat does.
// Source: ISO 32000-2 12.5.3.
bool is_locking(QPDFObjectHandle old_flags, QPDFObjectHandle new_flags);

// What developers extended, in words and numbers (7.12): nothing is in use because it is reached from there.
bool is_plain_extensions(QPDFObjectHandle value, int depth = 0);

} // namespace vanthu::pdf
