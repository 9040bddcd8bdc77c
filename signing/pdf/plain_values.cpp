#include "signing/pdf/plain_values.hpp"

#include "daemon/base/bytes.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace vanthu::pdf {
namespace {

constexpr int deepest = 60;
constexpr std::size_t most_oddities = 1000;
constexpr std::string_view structure[] = {"obj",     "endobj",    "stream", "endstream", "xref",
                                          "trailer", "startxref", "%%EOF",  "R"};

bool is_number(std::string_view text) {
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
    const auto digits = std::count_if(text.begin(), text.end(), is_digit);
    const auto points = std::count(text.begin(), text.end(), '.');
    return digits > 0 && points <= 1 && static_cast<std::size_t>(digits + points) == text.size() && text.size() < 32;
}

} // namespace

std::optional<int> natural(std::string_view text) {
    int value = 0;
    if (text.empty() || (text[0] == '0' && text.size() > 1)) return std::nullopt;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text[0] == '-') return std::nullopt;
    return value;
}

std::optional<int> padded(std::string_view text) {
    if (text.empty()) return std::nullopt;
    return natural(text.substr(std::min(text.find_first_not_of('0'), text.size() - 1)));
}

std::optional<std::string> name_of(std::string_view spelled) {
    std::string name;
    for (std::size_t i = 0; i < spelled.size(); ++i) {
        if (spelled[i] != '#') {
            name += spelled[i];
            continue;
        }
        auto byte = from_hex(spelled.substr(i + 1, 2));
        if (!byte || byte->size() != 1 || (*byte)[0] == 0) return std::nullopt;
        name += static_cast<char>((*byte)[0]);
        i += 2;
    }
    return name;
}

std::optional<std::vector<int>> naturals(std::string_view array) {
    std::vector<int> all;
    scanner s(array, 0);
    if (s.next().kind != token_kind::array_open) return std::nullopt;
    for (token t = s.next(); t.kind != token_kind::array_close; t = s.next()) {
        auto n = t.kind == token_kind::word ? natural(t.text) : std::nullopt;
        if (!n) return std::nullopt;
        all.push_back(*n);
    }
    return all;
}

std::string_view entry_of(const entry_list& all, std::string_view key) {
    auto at = std::find_if(all.rbegin(), all.rend(), [&](const auto& e) { return e.first == key; });
    return at == all.rend() ? std::string_view() : at->second;
}

token value_reader::next() {
    const std::size_t before = s_.at();
    token t = s_.next();
    if (!only_space(file_.substr(before, t.begin - before)) && !note(oddity::comment, before, t.begin))
        t.kind = token_kind::bad, t.text = {};
    return t;
}

// False: too many to say that nothing is lost.
bool value_reader::note(oddity what, std::size_t begin, std::size_t end) {
    if (odd_.size() >= most_oddities) return what != oddity::key_twice;
    odd_.push_back({what, begin, end});
    return true;
}

// False: one that ends in NUL for some readers only.
bool value_reader::is_plain_name(const token& name) {
    const bool escapes = name_of(name.text).has_value();
    if (!escapes && name.text.contains("#00")) return false;
    return (escapes && only_printed(name.text)) || note(oddity::name, name.begin, name.end);
}

bool value_reader::word(std::string_view expected) {
    token t = next();
    return t.kind == token_kind::word && t.text == expected;
}

bool value_reader::value(const token& first, int depth, entry_list* into) {
    if (depth > deepest) return false;
    switch (first.kind) {
    case token_kind::name:
        return is_plain_name(first);
    case token_kind::text:
    case token_kind::hex:
        return true;
    case token_kind::dict_open:
        return dictionary(depth, into);
    case token_kind::array_open:
        for (token t = next(); t.kind != token_kind::array_close; t = next())
            if (!value(t, depth + 1)) return false;
        return true;
    case token_kind::word:
        return plain_word(first);
    default:
        return false;
    }
}

bool value_reader::dictionary(int depth, entry_list* into) {
    std::map<std::string, std::string_view> keys;
    for (token key = next(); key.kind != token_kind::dict_close; key = next()) {
        if (key.kind != token_kind::name) return false;
        if (!is_plain_name(key)) return false;
        auto name = name_of(key.text);
        if (!name) name = key.text;
        token first = next();
        const std::size_t begin = first.begin;
        if (!value(first, depth + 1)) return false;
        const std::string_view spelled = file_.substr(begin, s_.at() - begin);
        auto [known, fresh] = keys.emplace(*name, spelled);
        if (!fresh &&
            !note(known->second == spelled ? oddity::key_again : oddity::key_twice, key.begin, begin + spelled.size()))
            return false;
        if (into) into->emplace_back(std::move(*name), spelled);
    }
    return true;
}

bool value_reader::plain_word(const token& first) {
    if (first.text == "true" || first.text == "false" || first.text == "null") return true;
    if (!is_number(first.text))
        return std::ranges::find(structure, first.text) == std::end(structure) &&
               note(oddity::word, first.begin, first.end);
    auto id = natural(first.text);
    if (!id) return true;
    const std::size_t after = s_.at(), odd = odd_.size();
    token generation = next(), word = next();
    auto g = generation.kind == token_kind::word ? natural(generation.text) : std::nullopt;
    if (g && word.kind == token_kind::word && word.text == "R") {
        if (*id == 0 || *g > 65535) return false;
        references_.emplace_back(*id, *g);
    } else {
        s_.move_to(after);
        odd_.erase(odd_.begin() + static_cast<std::ptrdiff_t>(odd), odd_.end());
    }
    return true;
}

} // namespace vanthu::pdf
