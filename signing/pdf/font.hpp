// Text in an embedded TrueType subset: Type0 / CIDFontType2 / Identity-H with /ToUnicode, so that Vietnamese letters
// show and copy correctly everywhere. Internal to signing/pdf. Source: ISO 32000-2 9.7, 9.10.3.
#pragma once

#include "signing/pdf/typeface.hpp"
#include "signing/pdf/update.hpp"

#include <span>

struct hb_face_t;

namespace vanthu::pdf {

// UTF-8 in NFC, printable, at most 200 characters; otherwise errc::bad_text.
result<std::u32string> usable_text(std::string_view utf8);

// The width of a text set in this typeface, in points. errc::font_unusable, bad_text, glyph_missing.
result<double> text_width(const typeface& face, std::string_view text, double size);

class embedded_font {
public:
    // A subset with the glyphs of `texts` at least: the last one made, if it has them.
    static result<std::shared_ptr<const embedded_font>> of(const typeface& face, std::span<const std::string> texts);
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
    static result<embedded_font> subset(hb_face_t* face, const std::set<char32_t>& letters);
    void describe();
    bool has(std::u32string_view letters) const;

    std::string file_;                                 // compressed, as are the letters' meanings
    std::size_t length_ = 0;                           // of the file
    std::string to_unicode_, descendant_, descriptor_; // entries of the dictionaries but for their references
    std::map<char32_t, glyph> glyphs_;
    std::string name_;
    int ascent_ = 0, descent_ = 0, box_[4] = {};
};

} // namespace vanthu::pdf
