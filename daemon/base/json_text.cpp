#include "daemon/base/json_text.hpp"

#include <cstdint>

namespace vanthu {
namespace {

bool must_be_escaped(char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == '"' || c == '\\'; }

// How many characters from the front go in as they are.
std::size_t plain_characters(std::string_view text) {
    constexpr std::size_t block = 32;
    std::size_t n = 0;
    for (; n + block <= text.size(); n += block) {
        std::uint8_t odd = 0; // no early exit and nothing wider than a byte: this loop becomes vector code
        for (std::size_t i = 0; i < block; ++i) odd = static_cast<std::uint8_t>(odd | must_be_escaped(text[n + i]));
        if (odd) break;
    }
    while (n < text.size() && !must_be_escaped(text[n])) ++n;
    return n;
}

void append_escaped(char c, std::string& out) {
    constexpr std::string_view hex = "0123456789abcdef";
    switch (c) {
    case '"':
        out += "\\\"";
        return;
    case '\\':
        out += "\\\\";
        return;
    case '\b':
        out += "\\b";
        return;
    case '\f':
        out += "\\f";
        return;
    case '\n':
        out += "\\n";
        return;
    case '\r':
        out += "\\r";
        return;
    case '\t':
        out += "\\t";
        return;
    default:
        out += "\\u00";
        out += hex[static_cast<std::uint8_t>(c) >> 4];
        out += hex[c & 0xf];
    }
}

} // namespace

void append_json_text(std::string_view text, std::string& out) {
    out += '"';
    while (!text.empty()) {
        const std::size_t n = plain_characters(text);
        out.append(text.substr(0, n));
        text.remove_prefix(n);
        if (text.empty()) break;
        append_escaped(text.front(), out);
        text.remove_prefix(1);
    }
    out += '"';
}

} // namespace vanthu
