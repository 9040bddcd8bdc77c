#include "signing/pdf/respelled.hpp"

#include "signing/pdf/syntax.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vanthu::pdf {
namespace {

constexpr int deepest = 40;

// "-01.50" is "-1.5", "0.0" is "". Longer ones overflow in some reader.
std::optional<std::string> canonical(std::string_view number) {
    constexpr std::size_t longest = 15;
    if (number.empty() || number.size() > longest) return std::nullopt;
    const bool negative = number[0] == '-';
    if (negative || number[0] == '+') number.remove_prefix(1);
    const std::size_t point = std::min(number.find('.'), number.size());
    std::string_view whole = number.substr(0, point), part = number.substr(std::min(point + 1, number.size()));
    if (whole.empty() && part.empty()) return std::nullopt;
    if (!std::ranges::all_of(whole, is_digit) || !std::ranges::all_of(part, is_digit)) return std::nullopt;
    whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
    part = part.substr(0, part.find_last_not_of('0') + 1); // npos + 1 is 0
    std::string out(whole);
    if (!part.empty()) out.append(".").append(part);
    return negative && !out.empty() ? "-" + out : out;
}

bool is_same_number(std::string_view a, std::string_view b) {
    auto x = canonical(a), y = canonical(b);
    return x && y && *x == *y;
}

// UTF-16 as PDF has it and the encoding of PDF; what not every reader knows is compared byte by byte.
bool is_same_text(QPDFObjectHandle a, QPDFObjectHandle b) {
    const std::string x = a.getUTF8Value(), y = b.getUTF8Value();
    auto known = [](QPDFObjectHandle o) {
        const std::string raw = o.getStringValue();
        return !raw.starts_with("\xff\xfe") && !raw.starts_with("\xef\xbb\xbf") &&
               (!raw.starts_with("\xfe\xff") || raw.size() % 2 == 0);
    };
    return x == y && known(a) && known(b) && !x.contains('\x1b') && !x.contains("\xef\xbf\xbd"); // U+FFFD: unknown
}

using operation = std::vector<std::string>; // the operator first

// nullopt: cannot be read. Font and colour, each once, do not depend on their order (MuPDF puts the colour first).
std::optional<std::vector<operation>> operations(const std::string& appearance) {
    std::vector<operation> all;
    std::vector<std::string> operands;
    bool in_any_order = true;
    int fonts = 0;
    scanner s(appearance, 0);
    for (token t = s.next(); t.kind != token_kind::end; t = s.next()) {
        if (t.kind == token_kind::bad) return std::nullopt;
        auto number = t.kind == token_kind::word ? canonical(t.text) : std::nullopt;
        if (t.kind != token_kind::word || number || t.text.find_first_of("0123456789") != t.text.npos) {
            operands.push_back(number ? *number : std::string(t.text));
            continue;
        }
        const bool font = t.text == "Tf", colour = t.text == "g" || t.text == "rg" || t.text == "k";
        in_any_order = in_any_order && (font || colour);
        fonts += font;
        all.push_back({std::string(t.text)});
        all.back().insert(all.back().end(), operands.begin(), operands.end());
        operands.clear();
    }
    if (!operands.empty()) return std::nullopt;
    if (in_any_order && all.size() == 2 && fonts == 1) std::ranges::sort(all);
    return all;
}

bool is_same_appearance(const std::string& a, const std::string& b) {
    if (a.contains('%') || b.contains('%')) return false;
    auto x = operations(a), y = operations(b);
    return x && y && *x == *y;
}

bool is_number(QPDFObjectHandle o) { return o.isInteger() || o.isReal(); }

bool is_same(QPDFObjectHandle a, QPDFObjectHandle b, strings how, int depth, bool in_array) {
    if (depth > 0 && a.isNull() && b.isNull()) return true;
    if (depth > 0 && (a.isIndirect() || b.isIndirect()))
        return a.isIndirect() && b.isIndirect() && a.getObjGen() == b.getObjGen();
    if (depth > deepest || a.isStream() || b.isStream()) return false;
    if (is_number(a) && is_number(b)) {
        const std::string x = a.unparseResolved(), y = b.unparseResolved();
        return x == y || ((in_array || a.isInteger() == b.isInteger()) && is_same_number(x, y));
    }
    if (a.isString() && b.isString()) {
        const std::string x = a.getStringValue(), y = b.getStringValue();
        return x == y || (how == strings::of_text && is_same_text(a, b)) ||
               (how == strings::of_appearance && is_same_appearance(x, y));
    }
    if (a.isArray() && b.isArray()) {
        const int n = a.getArrayNItems();
        if (n != b.getArrayNItems()) return false;
        bool numbers = true;
        for (int i = 0; i < n; ++i) numbers = numbers && is_number(a.getArrayItem(i)) && is_number(b.getArrayItem(i));
        for (int i = 0; i < n; ++i)
            if (!is_same(a.getArrayItem(i), b.getArrayItem(i), how, depth + 1, numbers)) return false;
        return true;
    }
    if (a.isDictionary() && b.isDictionary()) {
        if (a.getKeys() != b.getKeys()) return false;
        for (const std::string& key : a.getKeys())
            if (!is_same(a.getKey(key), b.getKey(key), key == "/DA" ? strings::of_appearance : how, depth + 1, false))
                return false;
        return true;
    }
    return a.unparseResolved() == b.unparseResolved();
}

} // namespace

bool is_same(QPDFObjectHandle a, QPDFObjectHandle b, strings how) { return is_same(a, b, how, 1, false); }

} // namespace vanthu::pdf
