// Well-formed UTF-8, one code point at a time. Source: The Unicode Standard, table 3-7 (no surrogates, no overlong forms).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vanthu {

// The code point that begins at text[at] (at < size) and its length in bytes; length 0: text[at] begins none.
struct code_point {
    char32_t value = 0;
    std::size_t length = 0;
};
code_point read_code_point(std::string_view text, std::size_t at);

// The text with U+FFFD for each byte that belongs to no code point: for formats that refuse others as a whole.
std::string well_formed(std::string_view text);

} // namespace vanthu
