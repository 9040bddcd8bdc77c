// Finds a mark of secrecy on the first page: a stand-alone "MẬT", "TỐI MẬT" or "TUYỆT MẬT" (cell 10a of the layout).
//
// Stand-alone: nothing else in the same run of text, where a gap of two letters' height in the line ends a run; a
// frame, brackets, one full stop, letter-spacing, fullwidth letters and characters that have no width are tolerated;
// capitals only ("bảo mật", "Mật khẩu", "BẢO MẬT" never match). Limits, so that nobody relies on more: marks in
// pictures or drawn as outlines are not seen; text without /ToUnicode is read in WinAnsi, by glyph names, or as TCVN3
// for fonts named ".Vn*"; other private encodings are not seen; annotations are read through their normal appearance.
#pragma once

#include "daemon/base/bytes.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vanthu::pdf {

enum class secret_marking : std::uint8_t { mat = 1, toi_mat, tuyet_mat };

constexpr std::string_view to_string(secret_marking m) {
    return m == secret_marking::mat ? "MẬT" : m == secret_marking::toi_mat ? "TỐI MẬT" : "TUYỆT MẬT";
}

// What looking at the first page has shown. "Looked at, and there is no mark" needs a page that could be read to its
// end: an encrypted file, one without a readable page and one whose page breaks off are not looked at (`whole` false),
// though a mark found before that point counts.
struct first_page {
    bool whole = false;
    std::optional<secret_marking> marking; // the highest
};
// Never throws. What stands before the header ("%PDF-"), however much, is passed over.
first_page look_at_first_page(bytes_view file);
// Is there a PDF in it that a reader could open?
bool holds_pdf_header(bytes_view file);

// The marking alone.
std::optional<secret_marking> first_page_marking(bytes_view file);

// The runs of text of the first page, top to bottom, left to right (UTF-8). For the above, and for tests.
std::vector<std::string> first_page_text(bytes_view file);

// Is this run a mark, and which?
std::optional<secret_marking> marking_of(std::string_view run);

} // namespace vanthu::pdf
