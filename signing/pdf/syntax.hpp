// Where tokens begin and end in the bytes of a PDF: what a signature covers is a question about bytes, which QPDF's
// object model does not answer. Internal to signing/pdf. Source: ISO 32000-2 7.2, 7.3.
#pragma once

#include "daemon/base/bytes.hpp"

#include <optional>
#include <string_view>

namespace vanthu::pdf {

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

// The signature dictionary at `at` ("N G obj << ..."): where its own /Contents value stands. nullopt unless it has
// exactly one /Contents and one /ByteRange of its own and /Contents is a hex string.
struct value_place {
    std::size_t begin, end;
};
std::optional<value_place> contents_place(std::string_view file, std::size_t at);

} // namespace vanthu::pdf
