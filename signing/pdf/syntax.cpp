#include "signing/pdf/syntax.hpp"

#include <array>
#include <charconv>

namespace vanthu::pdf {
namespace {

constexpr auto stands_in_hex = [] {
    std::array<bool, 256> all{};
    for (char c : std::string_view("0123456789abcdefABCDEF \r\n\t\f")) all[static_cast<unsigned char>(c)] = true;
    return all;
}();

std::optional<std::size_t> number(std::string_view text) {
    std::size_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// Reads one value after its first token; keeps depth in a counter, not on the stack.
bool skip_rest_of_value(scanner& s, const token& first) {
    int depth = 0;
    for (token t = first;; t = s.next()) {
        if (t.kind == token_kind::end || t.kind == token_kind::bad) return false;
        if (t.kind == token_kind::dict_open || t.kind == token_kind::array_open) ++depth;
        if (t.kind == token_kind::dict_close || t.kind == token_kind::array_close) --depth;
        if (depth < 0) return false;
        if (depth == 0) return true;
    }
}

struct object_head {
    int id, generation;
};

// After the word that is the object number.
std::optional<object_head> read_head(scanner& s, const token& first) {
    token generation = s.next(), word = s.next();
    auto id = number(first.text), gen = number(generation.text);
    if (!id || !gen || *id > 0x7fffffff || *gen > 65535 || word.text != "obj") return std::nullopt;
    return object_head{static_cast<int>(*id), static_cast<int>(*gen)};
}

} // namespace

token scanner::next() {
    while (at_ < file_.size()) {
        if (is_space(file_[at_]))
            ++at_;
        else if (file_[at_] == '%' && !file_.substr(at_).starts_with("%%EOF"))
            while (at_ < file_.size() && file_[at_] != '\n' && file_[at_] != '\r') ++at_;
        else
            break;
    }
    const std::size_t begin = at_;
    auto done = [&](token_kind kind, std::size_t end) {
        at_ = end;
        return token{kind, begin, end, file_.substr(begin, end - begin)};
    };
    if (begin >= file_.size()) return done(token_kind::end, file_.size());
    std::string_view rest = file_.substr(begin);
    if (rest.starts_with("%%EOF")) return done(token_kind::word, begin + 5);
    if (rest.starts_with("<<")) return done(token_kind::dict_open, begin + 2);
    if (rest.starts_with(">>")) return done(token_kind::dict_close, begin + 2);
    switch (rest[0]) {
    case '[':
        return done(token_kind::array_open, begin + 1);
    case ']':
        return done(token_kind::array_close, begin + 1);
    case '<': {
        std::size_t end = 1; // a signature value has tens of thousands of digits
        while (end < rest.size() && stands_in_hex[static_cast<unsigned char>(rest[end])]) ++end;
        if (end == rest.size() || rest[end] != '>') return done(token_kind::bad, file_.size());
        return done(token_kind::hex, begin + end + 1);
    }
    case '(': {
        int depth = 0;
        for (std::size_t i = begin; i < file_.size(); ++i) {
            if (file_[i] == '\\')
                ++i;
            else if (file_[i] == '(')
                ++depth;
            else if (file_[i] == ')' && --depth == 0)
                return done(token_kind::text, i + 1);
        }
        return done(token_kind::bad, file_.size());
    }
    case ')':
    case '>':
    case '{':
    case '}':
        return done(token_kind::bad, begin + 1);
    default:
        break;
    }
    std::size_t end = begin + 1;
    while (end < file_.size() && !is_space(file_[end]) && !is_delimiter(file_[end])) ++end;
    return done(rest[0] == '/' ? token_kind::name : token_kind::word, end);
}

std::optional<value_place> contents_place(std::string_view file, std::size_t at) {
    scanner s(file, at);
    if (!read_head(s, s.next()) || s.next().kind != token_kind::dict_open) return std::nullopt;
    std::optional<value_place> found;
    int ranges = 0;
    for (;;) {
        token key = s.next();
        if (key.kind == token_kind::dict_close) break;
        // A key with #-escapes could hide a second /Contents from one reader and show it to another.
        if (key.kind != token_kind::name || key.text.find('#') != key.text.npos) return std::nullopt;
        token value = s.next();
        if (key.text == "/ByteRange") ++ranges;
        if (key.text == "/Contents") {
            if (found || value.kind != token_kind::hex) return std::nullopt;
            found = value_place{value.begin, value.end};
        }
        if (!skip_rest_of_value(s, value)) return std::nullopt;
        std::size_t after = s.at(); // "5 0 R"
        token generation = s.next(), word = s.next();
        if (value.kind != token_kind::word || word.text != "R" || !number(generation.text)) s.move_to(after);
    }
    if (ranges != 1) return std::nullopt;
    return found;
}

} // namespace vanthu::pdf
