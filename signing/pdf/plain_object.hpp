// Makes QPDF's objects of what is spelled plainly, in a fifth of the time that QPDF takes: the objects that signing
// needs of every file. Internal to signing/pdf. Source: ISO 32000-2 7.3.
#pragma once

#include "signing/pdf/qpdf.hpp"
#include "signing/pdf/soundness.hpp"

namespace vanthu::pdf {

// Gives QPDF the nodes of the page tree and of the tree of fields, so that it does not parse them. What is a stream, or
// has strings with escapes, stays for QPDF. `file` begins with "%PDF-".
// Precondition: highest_number_if_sound() knew the highest number of `file` and `objects`. Throws what QPDF throws.
void load_trees(QPDF& qpdf, std::string_view file, const std::vector<object_place>& objects);

// The same with one object, whatever the rest of the file is like, if it is spelled plainly. `describe`: what QPDF
// would warn about when something is asked of the object, it warns about in this one too, in other words.
void load_if_plain(QPDF& qpdf, std::string_view file, const object_place& which, bool describe = false);

// All of them but streams, described. Precondition: as load_trees().
void load_described(QPDF& qpdf, std::string_view file, const std::vector<object_place>& objects);

} // namespace vanthu::pdf
