#include "signing/pdf/laid_out.hpp"

#include "signing/pdf/deflated.hpp"
#include "signing/pdf/frame.hpp"
#include "signing/pdf/layout.hpp"
#include "signing/pdf/syntax.hpp"

#include <algorithm>

namespace vanthu::pdf {
namespace {

constexpr double millimetre = 72 / 25.4;
constexpr double heading = 75 * millimetre;      // from the upper edge; margin, two lines of each agency, number, date
constexpr double line_height = 30;               // points; the text has 13
constexpr double largest_seal = 50 * millimetre; // seals have 36 to 42 mm; space is kept for 42 (layout.hpp)
constexpr std::size_t most_content = 1u << 20;   // of an appearance

bool is_one_of(std::string_view what, std::initializer_list<std::string_view> all) {
    return std::find(all.begin(), all.end(), what) != all.end();
}

// "/TiRo 13 Tf 0 g": a font, a modest size, a colour; nothing else.
bool is_plain_default_appearance(QPDFObjectHandle da) {
    if (da.isNull()) return true;
    if (!da.isString()) return false;
    const std::string text = da.getStringValue();
    scanner s(text, 0);
    double last = 0;
    for (token t = s.next(); t.kind != token_kind::end; t = s.next()) {
        if (t.kind == token_kind::name) continue;
        if (t.kind != token_kind::word) return false;
        if (t.text == "Tf" && (last < 0 || last > 20)) return false;
        if (is_one_of(t.text, {"Tf", "g", "rg", "k"})) continue;
        if (t.text.find_first_not_of("0123456789.-") != t.text.npos || t.text.size() > 12) return false;
        last = std::strtod(std::string(t.text).c_str(), nullptr);
    }
    return true;
}

long long integer(QPDFObjectHandle o) { return o.isNull() ? 0 : o.isInteger() ? o.getIntValue() : -1; }

std::optional<std::string> odd_entry(const form_field& f, bool seal, filling value) {
    constexpr long long plain_flags = 4 | 128 | 512; // printed, not to be moved, contents not to be changed
    for (const std::string& key : f.object.getKeys()) {
        QPDFObjectHandle entry = f.object.getKey(key);
        bool fine =
            is_one_of(key, {"/Type", "/Subtype", "/FT", "/T", "/TU", "/Rect", "/P", "/Q", "/StructParent"}) ||
            (key == "/F" && integer(entry) >= 0 && (integer(entry) & ~plain_flags) == 0) ||
            (seal && is_one_of(key, {"/Lock", "/Ff"})) || // what is locked is judged where it counts
            (!seal && key == "/Ff" && (integer(entry) == 0 || (value == filling::allowed && integer(entry) == 1))) ||
            (!seal && key == "/DA" && is_plain_default_appearance(entry)) ||
            (!seal && key == "/V" && entry.isString() && entry.getStringValue().empty()) ||
            (value == filling::allowed && is_one_of(key, {"/V", "/AP", "/I", "/AS"}));
        if (!fine) return key;
    }
    return std::nullopt;
}

// One look of a field, see shows_text_only().
bool is_text_only(QPDFObjectHandle look, bool strict) {
    QPDFObjectHandle d = look.getDict(), resources = d.getKey("/Resources");
    for (const std::string& key : d.getKeys())
        if (!is_one_of(key, {"/Type", "/Subtype", "/FormType", "/BBox", "/Matrix", "/Resources", "/Length", "/Filter",
                             "/DecodeParms"}) &&
            (strict || is_one_of(key, {"/Ref", "/OC"})))
            return false;
    if (!resources.isNull() && !resources.isDictionary()) return false;
    for (const std::string& key : resources.isDictionary() ? resources.getKeys() : std::set<std::string>{}) {
        QPDFObjectHandle table = resources.getKey(key);
        bool empty = table.isDictionary() && table.getKeys().empty();
        if (!is_one_of(key, {"/Font", "/ProcSet"}) && !empty &&
            (strict || is_one_of(key, {"/XObject", "/Pattern", "/Shading"})))
            return false;
        if (key != "/Font" || !table.isDictionary()) continue;
        for (const std::string& name : table.getKeys())
            if (!is_one_of(table.getKey(name).isDictionary() && table.getKey(name).getKey("/Subtype").isName()
                               ? table.getKey(name).getKey("/Subtype").getName()
                               : "",
                           {"/Type0", "/Type1", "/TrueType"}))
                return false; // the letters of a Type 3 font are drawings
    }
    auto spelled = [&](const char* key) {
        QPDFObjectHandle v = d.getKey(key);
        return v.isNull() ? std::string() : v.unparseResolved();
    };
    auto raw = look.getRawStreamData();
    auto content = decoded_strictly(std::string_view(reinterpret_cast<const char*>(raw->getBuffer()), raw->getSize()),
                                    spelled("/Filter"), spelled("/DecodeParms"), most_content);
    if (!content) return false;
    scanner s(*content, 0);
    for (token t = s.next(); t.kind != token_kind::end; t = s.next()) {
        if (t.kind == token_kind::bad) return false;
        if (t.kind != token_kind::word || t.text.find_first_not_of("0123456789.+-") == t.text.npos) continue;
        const bool text =
            is_one_of(t.text, {"q", "Q",  "cm", "BT", "ET", "Tf",  "Td",  "TD",  "Tm",   "T*",    "Tj",   "TJ",
                               "'", "\"", "Tc", "Tw", "Tz", "TL",  "Ts",  "g",   "rg",   "k",     "G",    "RG",
                               "K", "re", "W",  "W*", "n",  "BMC", "BDC", "EMC", "true", "false", "null", "Tr"});
        if (strict ? !text : is_one_of(t.text, {"Do", "sh", "BI", "ID", "EI"})) return false;
    }
    return true;
}

} // namespace

bool is_in_heading(const placement& p, double width, double height) {
    const double zone = std::min(heading, height * 0.4);
    return p.width > 0 && p.height > 0 && p.height <= std::min(line_height, height / 20) && p.width <= width * 0.6 &&
           p.x >= -0.5 && p.x + p.width <= width + 0.5 && p.y + p.height <= height + 0.5 && p.y >= height - zone;
}

std::optional<std::string> unfit(const field_tree& fields, QPDF& qpdf, std::string_view name, filling value) {
    const bool seal = name == seal_field;
    const form_field* f = nullptr;
    for (const form_field& one : fields.fields) {
        if (one.name != name) continue;
        if (f) return "twice";
        f = &one;
    }
    if (!f) return std::nullopt;
    if (f->type != (seal ? "/Sig" : "/Tx") || !f->object.getKey("/FT").isName()) return "/FT";
    if (!f->object.isIndirect() || f->widgets.size() != 1 || !f->widgets.front().isIndirect() ||
        f->widgets.front().getObjGen() != f->object.getObjGen())
        return "widgets";
    if (auto odd = odd_entry(*f, seal, value)) return odd;
    auto pages = shown_annotations(qpdf).pages_of(f->object);
    if (pages.size() != 1 || (!seal && pages.front().first != 1)) return "page";
    QPDFObjectHandle page = f->object.getKey("/P"), rect = f->object.getKey("/Rect");
    if (page.isIndirect() && page.getObjGen() != pages.front().second.getObjGen()) return "/P";
    if (!rect.isRectangle()) return "/Rect";
    page_frame frame(pages.front().second);
    const placement where = frame.shown(rect.getArrayAsRectangle());
    if (!seal) return is_in_heading(where, frame.width(), frame.height()) ? std::nullopt : std::optional("/Rect");
    const bool small = where.width <= std::min(largest_seal, frame.width() / 3) &&
                       where.height <= std::min(largest_seal, frame.height() / 3);
    return small ? std::nullopt : std::optional<std::string>("/Rect");
}

bool shows_text_only(const form_field& f, bool strict) {
    for (QPDFObjectHandle widget : f.widgets) {
        QPDFObjectHandle appearances = widget.getKey("/AP");
        if (appearances.isNull()) continue; // readers set the value by the field's own rules
        if (!appearances.isDictionary() || appearances.getKey("/N").isNull()) return false;
        if (strict && appearances.getKeys().size() != 1) return false;
        for (const std::string& key : appearances.getKeys()) {
            QPDFObjectHandle look = appearances.getKey(key);
            if (look.isStream()) {
                if (!is_text_only(look, strict)) return false;
            } else if (f.type == "/Btn" && look.isDictionary()) { // one for each state
                for (const std::string& state : look.getKeys())
                    if (!look.getKey(state).isStream() || !is_text_only(look.getKey(state), strict)) return false;
            } else
                return false;
        }
    }
    return true;
}

shown_annotations::shown_annotations(QPDF& qpdf) {
    int number = 0;
    for (QPDFObjectHandle page : qpdf.getAllPages()) {
        ++number;
        QPDFObjectHandle list = page.getKey("/Annots");
        for (int i = 0, n = list.isArray() ? list.getArrayNItems() : 0; i < n; ++i)
            if (QPDFObjectHandle one = list.getArrayItem(i); one.isIndirect())
                pages_[one.getObjGen()].emplace_back(number, page);
    }
}

const std::vector<std::pair<int, QPDFObjectHandle>>& shown_annotations::pages_of(QPDFObjectHandle widget) const {
    static const std::vector<std::pair<int, QPDFObjectHandle>> none;
    auto at = widget.isIndirect() ? pages_.find(widget.getObjGen()) : pages_.end();
    return at == pages_.end() ? none : at->second;
}

bool covers_page(const form_field& f, const shown_annotations& shown, std::map<int, double>& covered) {
    for (QPDFObjectHandle widget : f.widgets) {
        QPDFObjectHandle rect = widget.getKey("/Rect");
        if (rect.isNull()) continue;
        if (!rect.isRectangle()) return true; // "[0 0 595 842 0]" is one to some readers
        for (const auto& [number, page] : shown.pages_of(widget)) {
            page_frame frame(page);
            const placement where = frame.shown(rect.getArrayAsRectangle());
            if (where.width == 0 || where.height == 0) continue;
            double& part = covered[number];
            part += where.width * where.height / (frame.width() * frame.height());
            if (!(part <= 0.25)) return true;
        }
    }
    return false;
}

} // namespace vanthu::pdf
