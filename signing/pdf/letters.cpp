#include "signing/pdf/letters.hpp"

#include "signing/pdf/syntax.hpp"

#include <algorithm>

namespace vanthu::pdf {
namespace {

std::string utf8(char32_t c) {
    std::string out;
    if (c < 0x80)
        out += static_cast<char>(c);
    else if (c < 0x800)
        (out += static_cast<char>(0xc0 | c >> 6)) += static_cast<char>(0x80 | (c & 0x3f));
    else if (c < 0x10000)
        ((out += static_cast<char>(0xe0 | c >> 12)) += static_cast<char>(0x80 | (c >> 6 & 0x3f))) +=
            static_cast<char>(0x80 | (c & 0x3f));
    else
        (((out += static_cast<char>(0xf0 | c >> 18)) += static_cast<char>(0x80 | (c >> 12 & 0x3f))) +=
         static_cast<char>(0x80 | (c >> 6 & 0x3f))) += static_cast<char>(0x80 | (c & 0x3f));
    return out;
}

std::string utf8_of_utf16(bytes_view b) {
    std::string out;
    for (std::size_t i = 0; i + 1 < b.size(); i += 2) {
        char32_t c = static_cast<char32_t>(b[i] << 8 | b[i + 1]);
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < b.size()) {
            c = 0x10000 + ((c - 0xd800) << 10) + ((static_cast<char32_t>(b[i + 2] << 8 | b[i + 3])) - 0xdc00);
            i += 2;
        }
        if (c) out += utf8(c);
    }
    return out;
}

// bfchar and bfrange of a /ToUnicode map (9.10.3).
void read_to_unicode(std::string_view map, text_font& font) {
    scanner s(map, 0);
    std::vector<token> operands;
    auto raw = [](const token& t) {
        return from_hex([&] {
                   std::string digits;
                   for (char c : t.text)
                       if (std::isxdigit(static_cast<unsigned char>(c))) digits += c;
                   return digits.size() % 2 ? digits + "0" : digits;
               }())
            .value_or(bytes{});
    };
    for (token t = s.next(); t.kind != token_kind::end; t = s.next()) {
        if (t.kind == token_kind::word && t.text.starts_with("begin"))
            operands.clear();
        else if (t.text == "endbfchar")
            for (std::size_t i = 0; i + 1 < operands.size(); i += 2)
                font.letters[code_of(raw(operands[i]))] = utf8_of_utf16(raw(operands[i + 1]));
        else if (t.text == "endbfrange") {
            for (std::size_t i = 0; i + 2 < operands.size();) {
                unsigned first = code_of(raw(operands[i])),
                         last = std::min(code_of(raw(operands[i + 1])), first + 0xffff);
                i += 2;
                if (operands[i].kind == token_kind::array_open) {
                    ++i;
                    for (unsigned code = first; i < operands.size() && operands[i].kind != token_kind::array_close;
                         ++i, ++code)
                        font.letters[code] = utf8_of_utf16(raw(operands[i]));
                    ++i;
                } else {
                    bytes to = raw(operands[i++]);
                    for (unsigned code = first; code <= last && to.size() >= 2 && font.letters.size() < 70'000;
                         ++code) {
                        font.letters[code] = utf8_of_utf16(to);
                        if (++to[to.size() - 1] == 0) ++to[to.size() - 2];
                    }
                }
            }
        } else if (t.kind == token_kind::hex || t.kind == token_kind::array_open || t.kind == token_kind::array_close)
            operands.push_back(t);
    }
}

// Codes of TCVN 5712 (VN3) that the marks need; the fonts named ".Vn...H" draw capitals for small letters.
constexpr std::pair<unsigned, std::string_view> tcvn3[] = {{0xcb, "Ậ"}, {0xe8, "Ố"}, {0xd6, "Ệ"},
                                                           {0xa2, "Â"}, {0xa9, "Â"}, {0xb9, "Ạ"}};

void read_simple_encoding(QPDFObjectHandle font, text_font& out) {
    QPDFObjectHandle base = font.getKey("/BaseFont");
    std::string name = base.isName() ? base.getName() : "";
    for (unsigned c = 0x20; c < 0x7f; ++c) out.letters[c] = std::string(1, static_cast<char>(c));
    if (name.find(".Vn") != name.npos) {
        bool capitals = name.find('H', name.find(".Vn")) != name.npos;
        for (auto [code, letter] : tcvn3) out.letters[code] = capitals || code == 0xa2 ? std::string(letter) : "_";
        if (capitals)
            for (unsigned c = 'a'; c <= 'z'; ++c) out.letters[c] = std::string(1, static_cast<char>(c - 32));
        return;
    }
    for (unsigned c = 0xa0; c < 0x100; ++c) out.letters[c] = utf8(c);
    QPDFObjectHandle encoding = font.getKey("/Encoding");
    if (!encoding.isDictionary() || !encoding.getKey("/Differences").isArray()) return;
    static const std::map<std::string, std::string, std::less<>> names = {
        {"/Acircumflexdotbelow", "Ậ"}, {"/Ocircumflexacute", "Ố"},
        {"/Ecircumflexdotbelow", "Ệ"}, {"/space", " "},
        {"/Acircumflex", "Â"},         {"/period", "."}};
    unsigned code = 0;
    QPDFObjectHandle differences = encoding.getKey("/Differences");
    for (int i = 0, n = differences.getArrayNItems(); i < n; ++i) {
        QPDFObjectHandle item = differences.getArrayItem(i);
        if (item.isInteger()) code = static_cast<unsigned>(item.getIntValue());
        if (!item.isName()) continue;
        std::string glyph = item.getName();
        if (auto known = names.find(glyph); known != names.end())
            out.letters[code] = known->second;
        else if (glyph.size() == 2)
            out.letters[code] = glyph.substr(1);
        else if (glyph.starts_with("/uni") && glyph.size() == 8 && from_hex(glyph.substr(4)))
            out.letters[code] = utf8(code_of(*from_hex(glyph.substr(4))));
        else
            out.letters[code] = "_";
        ++code;
    }
}

} // namespace

unsigned code_of(bytes_view b) {
    unsigned v = 0;
    for (std::uint8_t x : b) v = v << 8 | x;
    return v;
}

text_font read_font(QPDFObjectHandle font) {
    text_font out;
    if (!font.isDictionary()) return out;
    out.two_bytes = font.getKey("/Subtype").isNameAndEquals("/Type0");
    if (out.two_bytes) {
        out.default_width = 1000;
        QPDFObjectHandle list = font.getKey("/DescendantFonts");
        QPDFObjectHandle cid =
            list.isArray() && list.getArrayNItems() > 0 ? list.getArrayItem(0) : QPDFObjectHandle::newNull();
        if (cid.isDictionary() && cid.getKey("/DW").isNumber()) out.default_width = cid.getKey("/DW").getNumericValue();
        if (QPDFObjectHandle w = cid.isDictionary() ? cid.getKey("/W") : cid; w.isArray())
            for (int i = 0, n = w.getArrayNItems(); i + 1 < n;) { // "c [w1 w2]" or "c1 c2 w"
                unsigned first =
                    w.getArrayItem(i).isInteger() ? static_cast<unsigned>(w.getArrayItem(i).getIntValue()) : 0;
                QPDFObjectHandle second = w.getArrayItem(i + 1);
                if (second.isArray()) {
                    for (int k = 0, m = std::min(second.getArrayNItems(), 65536); k < m; ++k)
                        out.widths[first + static_cast<unsigned>(k)] =
                            second.getArrayItem(k).isNumber() ? second.getArrayItem(k).getNumericValue() : 0;
                    i += 2;
                } else {
                    if (i + 2 < n && second.isInteger() && w.getArrayItem(i + 2).isNumber())
                        for (unsigned c = first, last = static_cast<unsigned>(second.getIntValue());
                             c <= last && c < first + 65536; ++c)
                            out.widths[c] = w.getArrayItem(i + 2).getNumericValue();
                    i += 3;
                }
            }
    } else {
        read_simple_encoding(font, out);
        QPDFObjectHandle w = font.getKey("/Widths"), first = font.getKey("/FirstChar");
        if (w.isArray() && first.isInteger())
            for (int i = 0, n = std::min(w.getArrayNItems(), 256); i < n; ++i)
                if (w.getArrayItem(i).isNumber())
                    out.widths[static_cast<unsigned>(first.getIntValue()) + static_cast<unsigned>(i)] =
                        w.getArrayItem(i).getNumericValue();
    }
    if (QPDFObjectHandle map = font.getKey("/ToUnicode"); map.isStream()) {
        auto data = map.getStreamData(qpdf_dl_generalized);
        read_to_unicode({reinterpret_cast<const char*>(data->getBuffer()), data->getSize()}, out);
    }
    return out;
}

} // namespace vanthu::pdf
