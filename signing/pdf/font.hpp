// Text in an embedded TrueType subset: Type0 / CIDFontType2 / Identity-H with /ToUnicode, so that Vietnamese letters
// show and copy correctly everywhere. Internal to signing/pdf. Source: ISO 32000-2 9.7, 9.10.3.
#pragma once

#include "signing/pdf/update.hpp"

#include <span>

namespace vanthu::pdf {

// UTF-8 in NFC, printable, at most 200 characters; otherwise errc::bad_text.
result<std::u32string> usable_text(std::string_view utf8);

class embedded_font {
public:
    // Keeps the glyphs of `texts` only. errc::font_unusable, bad_text, glyph_missing.
    static result<embedded_font> subset(bytes_view truetype, std::span<const std::string> texts);
    // Precondition of both: `text` was among the texts.
    std::string encoded(std::string_view text) const; // "<00210022>"
    double width(std::string_view text, double size) const;
    // Writes the font and returns the Type0 dictionary.
    QPDFObjectHandle write(update& into) const;

private:
    struct glyph {
        unsigned id;
        int advance; // thousandths of the size
    };
    bytes file_;
    std::map<char32_t, glyph> glyphs_;
    std::string name_;
    int ascent_ = 0, descent_ = 0, box_[4] = {};
};

} // namespace vanthu::pdf
