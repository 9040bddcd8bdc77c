// What the codes in a page's text stand for: letters and widths of a font dictionary. Internal to signing/pdf.
// Source: ISO 32000-2 9.6, 9.7, 9.10.
#pragma once

#include "daemon/base/bytes.hpp"
#include "signing/pdf/qpdf.hpp"

namespace vanthu::pdf {

struct text_font {
    bool two_bytes = false;
    bool readable = true;
    std::map<unsigned, std::string> letters;
    std::map<unsigned, double> widths; // thousandths
    double default_width = 500;

    std::string letter(unsigned code) const {
        auto it = letters.find(code);
        return it != letters.end() ? it->second : std::string();
    }
    double width(unsigned code) const {
        auto it = widths.find(code);
        return it != widths.end() ? it->second : default_width;
    }
};

unsigned code_of(bytes_view raw); // big endian

// Text without /ToUnicode is read in WinAnsi, by glyph names, or as TCVN3 for fonts named ".Vn*". Throws what QPDF
// throws.
text_font read_font(QPDFObjectHandle font);

} // namespace vanthu::pdf
