// What makes other programs find a document of their own inside a file that we judge as something else.
//
// PDF readers mend what they are given: PDFium takes "%PDF 1.4" for a header, MuPDF and poppler need none at all and
// look for objects wherever they stand. What every one of them needs is an object, "7 0 obj". Readers of ZIP look for
// the end of the directory from behind.
// Source: ISO 32000-2, 7.2 (white space, comments), 7.3.10 (indirect objects), 7.5.5 (trailer); PKWARE APPNOTE, 4.3.16.
#pragma once

#include "daemon/base/bytes.hpp"

#include <string_view>

namespace vanthu::signing {

// Could a reader of PDF or ZIP find its document in these bytes, or be led elsewhere by them? Meant for bytes that
// nobody signed; text that merely speaks of PDF does not count. Linear time.
inline bool holds_document_marks(bytes_view octets) {
    constexpr std::string_view white("\0\t\n\f\r ", 6), delimiters = "<[(/%", digits = "0123456789";
    const std::string_view text = as_text(octets);
    auto among = [](std::string_view set, char c) { return set.find(c) != set.npos; };
    if (text.find("PK\x05\x06") != text.npos || text.find("startxref") != text.npos) return true;
    constexpr std::string_view object = "obj";
    std::size_t seen = 0, percent = text.npos, line = text.npos; // the last '%' and the last line end before `seen`
    for (std::size_t at = text.find(object); at != text.npos; at = text.find(object, at + 1)) {
        const std::size_t after = at + object.size();
        if (after < text.size() && !among(white, text[after]) && !among(delimiters, text[after])) continue;
        std::size_t end = at; // of the generation in front of it
        bool line_between = false;
        while (end > 0 && among(white, text[end - 1])) {
            --end;
            line_between = line_between || text[end] == '\n' || text[end] == '\r';
        }
        std::size_t begin = end;
        while (begin > 0 && among(digits, text[begin - 1])) --begin;
        if (begin < end && begin > 0 && among(white, text[begin - 1])) return true;
        // A comment may stand between the numbers and the word.
        for (; seen < end; ++seen) {
            if (text[seen] == '%') percent = seen;
            if (text[seen] == '\n' || text[seen] == '\r') line = seen;
        }
        if (line_between && percent != text.npos && (line == text.npos || percent > line)) return true;
    }
    return false;
}

} // namespace vanthu::signing
