#include "signing/pdf/marking.hpp"

#include "signing/pdf/document.hpp"
#include "signing/pdf/syntax.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace vanthu::pdf {
namespace {

constexpr std::size_t most_runs = 50'000, most_content = 32u << 20;

using matrix = std::array<double, 6>;
constexpr matrix identity{1, 0, 0, 1, 0, 0};

matrix operator*(const matrix& a, const matrix& b) {
    return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3],        a[2] * b[0] + a[3] * b[2],
            a[2] * b[1] + a[3] * b[3], a[4] * b[0] + a[5] * b[2] + b[4], a[4] * b[1] + a[5] * b[3] + b[5]};
}

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

unsigned value_of(bytes_view b) {
    unsigned v = 0;
    for (std::uint8_t x : b) v = v << 8 | x;
    return v;
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
                font.letters[value_of(raw(operands[i]))] = utf8_of_utf16(raw(operands[i + 1]));
        else if (t.text == "endbfrange") {
            for (std::size_t i = 0; i + 2 < operands.size();) {
                unsigned first = value_of(raw(operands[i])),
                         last = std::min(value_of(raw(operands[i + 1])), first + 0xffff);
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
            out.letters[code] = utf8(value_of(*from_hex(glyph.substr(4))));
        else
            out.letters[code] = "_";
        ++code;
    }
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

struct run {
    double x, y, end, size;
    std::string text;
};

// Follows a content stream as far as text needs: matrices, fonts, text operators, form XObjects.
class reader : public QPDFObjectHandle::ParserCallbacks {
public:
    reader(QPDFObjectHandle resources, matrix start, std::vector<run>& runs, int depth)
        : resources_(resources), runs_(runs), depth_(depth) {
        now_.ctm = start;
    }

    void handleObject(QPDFObjectHandle object) override {
        if (!object.isOperator()) {
            if (operands_.size() < 1000) operands_.push_back(object);
            return;
        }
        if (runs_.size() < most_runs) operate(object.getOperatorValue());
        operands_.clear();
    }
    void handleEOF() override {}

private:
    struct state {
        matrix ctm = identity;
        const text_font* font = nullptr;
        double size = 0, letter_space = 0, word_space = 0, scale = 1, leading = 0, rise = 0;
    };

    double number(std::size_t i) {
        return i < operands_.size() && operands_[i].isNumber() ? operands_[i].getNumericValue() : 0;
    }
    matrix six() { return {number(0), number(1), number(2), number(3), number(4), number(5)}; }

    void next_line(double x, double y) { text_ = line_ = matrix{1, 0, 0, 1, x, y} * line_; }

    void operate(const std::string& op) {
        if (op == "q") {
            if (saved_.size() < 500) saved_.push_back(now_);
        } else if (op == "Q") {
            if (!saved_.empty()) now_ = saved_.back(), saved_.pop_back();
        } else if (op == "cm")
            now_.ctm = six() * now_.ctm;
        else if (op == "BT")
            text_ = line_ = identity;
        else if (op == "Tf")
            set_font();
        else if (op == "Tc")
            now_.letter_space = number(0);
        else if (op == "Tw")
            now_.word_space = number(0);
        else if (op == "Tz")
            now_.scale = number(0) / 100;
        else if (op == "TL")
            now_.leading = number(0);
        else if (op == "Ts")
            now_.rise = number(0);
        else if (op == "Tm")
            text_ = line_ = six();
        else if (op == "Td")
            next_line(number(0), number(1));
        else if (op == "TD")
            now_.leading = -number(1), next_line(number(0), number(1));
        else if (op == "T*")
            next_line(0, -now_.leading);
        else if (op == "Tj")
            show(0);
        else if (op == "'")
            next_line(0, -now_.leading), show(0);
        else if (op == "\"")
            now_.word_space = number(0), now_.letter_space = number(1), next_line(0, -now_.leading), show(2);
        else if (op == "TJ")
            show_array();
        else if (op == "Do")
            draw();
    }

    void set_font() {
        now_.size = number(1);
        if (operands_.empty() || !operands_[0].isName() || !resources_.isDictionary()) return;
        QPDFObjectHandle fonts = resources_.getKey("/Font");
        auto [it, fresh] = fonts_.try_emplace(operands_[0].getName());
        if (fresh && fonts.isDictionary()) it->second = read_font(fonts.getKey(operands_[0].getName()));
        now_.font = &it->second;
    }

    void show(std::size_t i) {
        if (i < operands_.size() && operands_[i].isString()) show_string(operands_[i].getStringValue());
    }

    void show_array() {
        if (operands_.empty() || !operands_[0].isArray()) return;
        for (int i = 0, n = operands_[0].getArrayNItems(); i < n; ++i) {
            QPDFObjectHandle item = operands_[0].getArrayItem(i);
            if (item.isString())
                show_string(item.getStringValue());
            else if (item.isNumber())
                text_ = matrix{1, 0, 0, 1, -item.getNumericValue() / 1000 * now_.size * now_.scale, 0} * text_;
        }
    }

    void show_string(const std::string& codes) {
        if (!now_.font) return;
        auto at = [&] { return matrix{1, 0, 0, 1, 0, now_.rise} * text_ * now_.ctm; };
        matrix begin = at();
        run r{begin[4], begin[5], 0, std::hypot(begin[2], begin[3]) * std::abs(now_.size), ""};
        std::size_t step = now_.font->two_bytes ? 2 : 1;
        for (std::size_t i = 0; i + step <= codes.size(); i += step) {
            unsigned code = value_of(as_bytes(std::string_view(codes).substr(i, step)));
            r.text += now_.font->letter(code);
            double advance = now_.font->width(code) / 1000 * now_.size + now_.letter_space +
                             (step == 1 && code == ' ' ? now_.word_space : 0);
            text_ = matrix{1, 0, 0, 1, advance * now_.scale, 0} * text_;
        }
        r.end = at()[4];
        if (runs_.size() < most_runs) runs_.push_back(std::move(r));
    }

    void draw() {
        if (depth_ >= 6 || operands_.empty() || !operands_[0].isName() || !resources_.isDictionary()) return;
        QPDFObjectHandle all = resources_.getKey("/XObject");
        QPDFObjectHandle form = all.isDictionary() ? all.getKey(operands_[0].getName()) : all;
        if (!form.isStream() || !form.getDict().getKey("/Subtype").isNameAndEquals("/Form")) return;
        QPDFObjectHandle inner = form.getDict().getKey("/Resources"), m = form.getDict().getKey("/Matrix");
        matrix own = identity;
        if (m.isMatrix()) {
            auto v = m.getArrayAsMatrix();
            own = {v.a, v.b, v.c, v.d, v.e, v.f};
        }
        reader nested(inner.isDictionary() ? inner : resources_, own * now_.ctm, runs_, depth_ + 1);
        QPDFObjectHandle::parseContentStream(form, &nested);
    }

    QPDFObjectHandle resources_;
    std::vector<run>& runs_;
    int depth_;
    state now_;
    std::vector<state> saved_;
    matrix text_ = identity, line_ = identity;
    std::vector<QPDFObjectHandle> operands_;
    std::map<std::string, text_font> fonts_;
};

void read_annotations(QPDFObjectHandle page, std::vector<run>& runs) {
    QPDFObjectHandle list = page.getKey("/Annots");
    if (!list.isArray()) return;
    for (int i = 0, n = std::min(list.getArrayNItems(), 1000); i < n; ++i) {
        QPDFObjectHandle a = list.getArrayItem(i);
        if (!a.isDictionary() || !a.getKey("/AP").isDictionary() || !a.getKey("/AP").getKey("/N").isStream() ||
            !a.getKey("/Rect").isRectangle())
            continue;
        QPDFObjectHandle form = a.getKey("/AP").getKey("/N");
        auto rect = a.getKey("/Rect").getArrayAsRectangle();
        reader r(form.getDict().getKey("/Resources"), {1, 0, 0, 1, rect.llx, rect.lly}, runs, 1);
        QPDFObjectHandle::parseContentStream(form, &r);
    }
}

// Runs on one line join while the gap is small; a gap of two letters' height begins a new one.
std::vector<std::string> lines_of(std::vector<run> runs) {
    std::sort(runs.begin(), runs.end(), [](const run& a, const run& b) {
        double ya = std::round(a.y / 3), yb = std::round(b.y / 3);
        return ya != yb ? ya > yb : a.x < b.x;
    });
    std::vector<std::string> lines;
    const run* last = nullptr;
    for (const run& r : runs) {
        if (r.text.empty()) continue;
        double size = std::max(r.size, 1.0);
        bool same_line = last && std::abs(last->y - r.y) < 3 && r.x - last->end < 2 * size;
        if (!same_line)
            lines.emplace_back();
        else if (r.x - last->end > 0.15 * size)
            lines.back() += ' ';
        lines.back() += r.text;
        last = &r;
    }
    return lines;
}

void replace_all(std::string& s, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = s.find(from, at)) != s.npos; at += to.size()) s.replace(at, from.size(), to);
}

} // namespace

std::optional<secret_marking> marking_of(std::string_view given) {
    std::string run(given);
    // Decomposed spellings of the three letters, in the orders seen.
    for (auto [from, to] : {std::pair("A\u0302\u0323", "Ậ"),
                            {"A\u0323\u0302", "Ậ"},
                            {"\u00c2\u0323", "Ậ"},
                            {"\u1ea0\u0302", "Ậ"},
                            {"O\u0302\u0301", "Ố"},
                            {"\u00d4\u0301", "Ố"},
                            {"E\u0302\u0323", "Ệ"},
                            {"E\u0323\u0302", "Ệ"},
                            {"\u00ca\u0323", "Ệ"},
                            {"\u1eb8\u0302", "Ệ"},
                            {"\u00a0", " "}})
        replace_all(run, from, to);
    std::string letters; // spacing says nothing: "M Ậ T"
    for (char c : run)
        if (!std::isspace(static_cast<unsigned char>(c))) letters += c;
    auto strip = [&](std::string_view open, std::string_view close) {
        if (letters.starts_with(open) && letters.ends_with(close) && letters.size() > open.size() + close.size())
            letters = letters.substr(open.size(), letters.size() - open.size() - close.size());
    };
    strip("(", ")");
    strip("[", "]");
    if (letters.ends_with('.')) letters.pop_back();
    if (letters == "MẬT") return secret_marking::mat;
    if (letters == "TỐIMẬT") return secret_marking::toi_mat;
    if (letters == "TUYỆTMẬT") return secret_marking::tuyet_mat;
    return std::nullopt;
}

std::vector<std::string> first_page_text(bytes_view file) {
    std::vector<run> runs;
    try {
        // Recovery is welcome here: a damaged file may still carry a mark.
        QPDF qpdf;
        qpdf.setSuppressWarnings(true);
        qpdf.processMemoryFile("document", reinterpret_cast<const char*>(file.data()), file.size());
        auto pages = qpdf.getAllPages();
        if (pages.empty() || file.size() > most_content * 8) return {};
        QPDFPageObjectHelper page(pages.front());
        reader r(page.getAttribute("/Resources", false), identity, runs, 0);
        page.parseContents(&r);
        read_annotations(pages.front(), runs);
    } catch (const std::exception&) {
        // What was read until here still counts.
    }
    return lines_of(std::move(runs));
}

std::optional<secret_marking> first_page_marking(bytes_view file) {
    std::optional<secret_marking> highest;
    for (const std::string& line : first_page_text(file))
        if (auto found = marking_of(line); found && (!highest || *found > *highest)) highest = found;
    return highest;
}

} // namespace vanthu::pdf
