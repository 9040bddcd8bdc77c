#include "signing/pdf/syntax.hpp"

#include <algorithm>
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
        const std::size_t end = end_of_hex(rest, 1);
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

std::size_t end_of_hex(std::string_view file, std::size_t at) {
    constexpr std::size_t piece = 64; // a signature value has tens of thousands of digits: no branch for each
    for (; file.size() - at >= piece; at += piece) {
        bool all = true;
        for (std::size_t i = 0; i < piece; ++i) {
            const auto c = static_cast<std::uint8_t>(file[at + i]);
            all &= static_cast<std::uint8_t>(c - '0') < 10 || static_cast<std::uint8_t>((c | 0x20) - 'a') < 6;
        }
        if (!all) break;
    }
    while (at < file.size() && stands_in_hex[static_cast<unsigned char>(file[at])]) ++at;
    return at;
}

std::size_t next_head(std::string_view file, std::size_t at) {
    auto past = [&](std::size_t from, auto&& is) {
        while (from < file.size() && is(file[from])) ++from;
        return from;
    };
    for (; at < file.size(); ++at) {
        const bool begins = at == 0 || is_space(file[at - 1]) || is_delimiter(file[at - 1]);
        const std::string_view rest = file.substr(at, 9);
        if (begins && (rest == "startxref" || (rest.starts_with("xref") && rest.size() > 4 && is_space(rest[4]))))
            return at;
        if (!is_digit(file[at])) continue;
        const std::size_t id = past(at, is_digit), gap = past(id, is_space), generation = past(gap, is_digit),
                          word = past(generation, is_space);
        if (id < gap && gap < generation && generation < word && file.substr(word, 3) == "obj") return at;
        at = id - 1;
    }
    return file.size();
}

bool is_known_comment(std::string_view comment) {
    comment.remove_prefix(1);
    if (comment.size() >= 4 && comment.size() <= 8 &&
        std::all_of(comment.begin(), comment.end(), [](char c) { return static_cast<unsigned char>(c) > 127; }))
        return true;
    if (comment.ends_with(" for .NET")) comment.remove_suffix(9);
    if (comment.starts_with(" Written by MuPDF "))
        return comment.find_first_not_of("0123456789.", 18) == comment.npos && comment.size() < 40;
    return comment.starts_with("iText-") && comment.size() <= 80 &&
           std::all_of(comment.begin(), comment.end(), [](char c) {
               return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
           });
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
