// What a file's name promises, held against what was judged.
//
// A viewer goes by the ending: a message of CMS called "letter.pdf" is opened as a PDF, and what is then seen may be
// something that nobody signed. Endings that belong to a format must therefore belong to the format of the signatures.
#pragma once

#include "signing/signed_file/verify.hpp"
#include "signing/validation/report.hpp"

namespace vanthu::signed_file {

// report.file contradicts the format of its signatures: the file and each signature in it become INDETERMINATE /
// SIG_CONSTRAINTS_FAILURE (unless invalid) with the finding "file.name_contradicts". Nothing happens to files without
// signatures and to endings that say nothing. Call it wherever the name of a judged file is known.
void check_file_name(validation::file_report& report);

// What check_file_name() would say of a file with this name and signatures of this format; nullopt: nothing.
std::optional<signing::finding> contradiction(std::string_view name, kind format);

// A finding about the file itself, of which no signature in it remains valid.
void cast_doubt(validation::file_report& report, const signing::finding& why);

} // namespace vanthu::signed_file
