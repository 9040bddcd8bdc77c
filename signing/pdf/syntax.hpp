// Where tokens begin and end in the bytes of a PDF: what a signature covers is a question about bytes, which QPDF's
// object model does not answer. Internal to signing/pdf. Source: ISO 32000-2 7.2, 7.3.
#pragma once

#include "daemon/base/bytes.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace vanthu::pdf {

// Of an object; some readers repair a file, whatever is in it, for one above. Source: ISO 32000-1 annex C.
constexpr int highest_number = 8'388'607;

// White space where everybody reads it as such. NUL is white space too (7.2.3, table 1), but not to every reader.
constexpr bool is_plain_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f'; }
constexpr bool is_space(char c) { return is_plain_space(c) || c == '\0'; }
constexpr bool is_delimiter(char c) { return std::string_view("()<>[]{}/%").contains(c); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
// What some readers take for white space and others for a letter (PDFium: 80 and FF, QPDF: 0B) stands in no plain word.
constexpr bool only_printed(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}
constexpr bool only_space(std::string_view text) { return std::ranges::all_of(text, is_space); }

enum class token_kind { end, word, name, text, hex, dict_open, dict_close, array_open, array_close, bad };

struct token {
    token_kind kind = token_kind::end;
    std::size_t begin = 0, end = 0;
    std::string_view text;
};

class scanner {
public:
    scanner(std::string_view file, std::size_t at) : file_(file), at_(at) {}
    token next();
    std::size_t at() const { return at_; }
    void move_to(std::size_t at) { at_ = at; }

private:
    std::string_view file_;
    std::size_t at_;
};

// Behind the hexadecimal digits and the plain white space that stand at `at`.
std::size_t end_of_hex(std::string_view file, std::size_t at);

// Where, from `at` on, an object, a cross-reference table or "startxref" seems to begin; the end of the file: nowhere.
std::size_t next_head(std::string_view file, std::size_t at);

// The names by which producers sign their work: "%iText-Core-8.0.2", "%iText-7.1.7 for .NET", "% Written by
// MuPDF 1.28.5"; and the line of bytes above 127 that says that a file is binary. Nothing that anybody takes for an
// object.
bool is_known_comment(std::string_view comment);

// The signature dictionary at `at` ("N G obj << ..."): where its own /Contents value stands. nullopt unless it has
// exactly one /Contents and one /ByteRange of its own and /Contents is a hex string.
struct value_place {
    std::size_t begin, end;
};
std::optional<value_place> contents_place(std::string_view file, std::size_t at);

} // namespace vanthu::pdf
