// Is a value the same as another one to every reader, however the two are spelled? Programs that rewrite an object
// spell its numbers and texts in their own way. Internal to signing/pdf. Source: ISO 32000-2 7.3.3, 7.9.2.2, 12.7.4.3.
#pragma once

#include "signing/pdf/qpdf.hpp"

#include <string_view>

namespace vanthu::pdf {

// How strings are compared: byte by byte, as texts in whatever encoding, or as default appearances ("/Helv 12 Tf 0 g").
enum class strings { of_bytes, of_text, of_appearance };

// ".5" is 0.50 and, among the numbers of an array, 1 is 1.0; references are the same where they name the same object.
// Never true for streams that are no references. Throws what QPDF throws.
bool is_same(QPDFObjectHandle a, QPDFObjectHandle b, strings how);

} // namespace vanthu::pdf
