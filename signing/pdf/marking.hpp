// Finds a mark of secrecy on the first page: a stand-alone "MẬT", "TỐI MẬT" or "TUYỆT MẬT" (cell 10a of the layout).
//
// Stand-alone: nothing else in the same run of text, where a gap of two letters' height in the line ends a run; a
// frame, brackets, one full stop and letter-spacing are tolerated; capitals only ("bảo mật", "Mật khẩu", "BẢO MẬT"
// never match). Limits, so that nobody relies on more: marks in pictures or drawn as outlines are not seen; text
// without /ToUnicode is read in WinAnsi, by glyph names, or as TCVN3 for fonts named ".Vn*"; other private encodings
// are not seen; annotations are read through their normal appearance.
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

// The highest mark on the first page. Files that cannot be read have none; never throws.
std::optional<secret_marking> first_page_marking(bytes_view file);

// The runs of text of the first page, top to bottom, left to right (UTF-8). For the above, and for tests.
std::vector<std::string> first_page_text(bytes_view file);

// Is this run a mark, and which?
std::optional<secret_marking> marking_of(std::string_view run);

} // namespace vanthu::pdf
