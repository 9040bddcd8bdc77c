// Markings of state secrecy in metadata. The rule is in docs/packets.md ("Secrecy markings"): a marking stands alone,
// is set off by punctuation, or follows the label "Độ mật:"; a word that merely contains the syllable never counts.
#include "schemas/edxml/packet.hpp"

#include <algorithm>
#include <array>

namespace vanthu::edxml {
namespace {

// Vietnamese letters reduced to base letter and marks, so that composed and decomposed text compare equal.
enum mark : std::uint8_t { circumflex = 1, dot_below = 2, acute = 4, other_mark = 8 };
struct letter {
    char32_t base; // lower case
    std::uint8_t marks = 0;
    bool upper = false;
    bool is_word() const { return (base >= 'a' && base <= 'z') || (base >= '0' && base <= '9') || base >= 0xAA; }
};

struct composed_row {
    char32_t upper, lower, base;
    std::uint8_t marks;
};
constexpr composed_row composed[] = {
    {0x1EAC, 0x1EAD, 'a', circumflex | dot_below},
    {0xC2, 0xE2, 'a', circumflex},
    {0x1EA0, 0x1EA1, 'a', dot_below},
    {0x1ED0, 0x1ED1, 'o', circumflex | acute},
    {0xD4, 0xF4, 'o', circumflex},
    {0xD3, 0xF3, 'o', acute},
    {0x1ED8, 0x1ED9, 'o', circumflex | dot_below},
    {0x1ECC, 0x1ECD, 'o', dot_below},
    {0x1EC6, 0x1EC7, 'e', circumflex | dot_below},
    {0xCA, 0xEA, 'e', circumflex},
    {0x1EB8, 0x1EB9, 'e', dot_below},
    {0x110, 0x111, 'd', other_mark},
    {0x1EE8, 0x1EE9, 'u', other_mark | acute},
    {0x1AF, 0x1B0, 'u', other_mark},
};

char32_t next_character(std::string_view& text) {
    auto lead = static_cast<unsigned char>(text[0]);
    std::size_t n = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t c = n == 1 ? lead : lead & (0xFFu >> (n + 1));
    for (std::size_t i = 1; i < n && i < text.size(); ++i) c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
    text.remove_prefix(std::min(n, text.size()));
    return c;
}

std::uint8_t combining(char32_t c) {
    return c == 0x302                 ? circumflex
           : c == 0x323               ? dot_below
           : c == 0x301               ? acute
           : c >= 0x300 && c <= 0x36F ? other_mark
                                      : 0;
}

std::vector<letter> letters_of(std::string_view text) {
    std::vector<letter> out;
    while (!text.empty()) {
        char32_t c = next_character(text);
        if (std::uint8_t m = combining(c)) {
            if (!out.empty()) out.back().marks |= m;
            continue;
        }
        if (c == 0xA0 || c == '\t' || c == '\r') c = ' ';
        letter l{c};
        if (c >= 'A' && c <= 'Z') l = {c + 32, 0, true};
        for (const composed_row& row : composed)
            if (c == row.upper || c == row.lower) l = {row.base, row.marks, c == row.upper};
        if (l.base == ' ' && !out.empty() && out.back().base == ' ') continue; // runs of spaces count once
        out.push_back(l);
    }
    return out;
}

using letters = std::span<const letter>;

bool same(const letter& a, const letter& b) { return a.base == b.base && a.marks == b.marks; }

// What follows `word` at the beginning of `text`, or nothing when it is not there.
std::optional<letters> after(letters text, const std::vector<letter>& word) {
    if (text.size() < word.size() || !std::equal(word.begin(), word.end(), text.begin(), same)) return std::nullopt;
    return text.subspan(word.size());
}

letters trim_to_words(letters t) {
    while (!t.empty() && !t.front().is_word()) t = t.subspan(1);
    while (!t.empty() && !t.back().is_word()) t = t.first(t.size() - 1);
    return t;
}

struct marking {
    secret_level level;
    std::vector<letter> words;
};
const std::array<marking, 3>& markings() {
    static const std::array<marking, 3> list{{{secret_level::tuyet_mat, letters_of("tuyệt mật")},
                                              {secret_level::toi_mat, letters_of("tối mật")},
                                              {secret_level::mat, letters_of("mật")}}};
    return list;
}

bool opens(char32_t c) { return c == '[' || c == '(' || c == '{' || c == '<' || c == 0x3010; }
bool sets_off(char32_t c) {
    return std::u32string_view(U":;,.|/\n-)]}>\u2013\u2014\u3011").find(c) != std::u32string_view::npos;
}

std::optional<secret_level> whole(letters text) {
    text = trim_to_words(text);
    for (const marking& m : markings())
        if (auto rest = after(text, m.words); rest && rest->empty()) return m.level;
    return std::nullopt;
}

// "Độ mật: Tối mật", "Mức độ mật: Mật".
std::optional<secret_level> labelled(letters text) {
    static const std::vector<letter> labels[] = {letters_of("độ mật"), letters_of("mức độ mật"),
                                                 letters_of("dấu độ mật")};
    text = trim_to_words(text);
    for (const auto& label : labels)
        if (auto rest = after(text, label))
            if (rest->size() > 1 && (rest->front().base == ':' || rest->front().base == ' ')) return whole(*rest);
    return std::nullopt;
}

// "TỐI MẬT - V/v ...", "[Mật] Báo cáo ...": at the beginning and set off from what follows.
std::optional<secret_level> leading(letters text) {
    while (!text.empty() && text.front().base == ' ') text = text.subspan(1);
    bool bracket = !text.empty() && opens(text.front().base);
    text = trim_to_words(text);
    for (const marking& m : markings()) {
        auto rest = after(text, m.words);
        if (!rest || rest->empty()) continue;
        bool upper = std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(m.words.size()),
                                 [](const letter& l) { return l.upper || l.base == ' '; });
        char32_t next = rest->front().base;
        bool spaced = next == ' ' && rest->size() > 1;
        if (spaced && sets_off((*rest)[1].base)) next = (*rest)[1].base;
        if (bracket && (next == ')' || next == ']' || next == '}' || next == '>' || next == 0x3011)) return m.level;
        if (!bracket && sets_off(next) && (upper || m.level != secret_level::mat)) return m.level;
        // In capitals "TỐI MẬT" and "TUYỆT MẬT" mean nothing else; "MẬT" begins MẬT ĐỘ, MẬT MÃ, MẬT ONG.
        if (upper && spaced && m.level != secret_level::mat) return m.level;
    }
    return std::nullopt;
}

// "Công văn (Mật)", "Kế hoạch [TỐI MẬT]".
std::optional<secret_level> trailing(std::string_view text) {
    std::size_t open = text.find_last_of("([");
    if (open == text.npos || text.find_first_of(")]", open) == text.npos) return std::nullopt;
    std::size_t close = text.find_first_of(")]", open);
    if (text.find_first_not_of(" .", close + 1) != text.npos) return std::nullopt;
    return whole(letters_of(text.substr(open + 1, close - open - 1)));
}

bool says_not_secret(std::string_view text) {
    static constexpr std::string_view none[] = {"0",           "false",       "no",        "không",    "Không",
                                                "KHÔNG",       "thường",      "Thường",    "THƯỜNG",   "bình thường",
                                                "Bình thường", "BÌNH THƯỜNG", "không mật", "Không mật"};
    return text.empty() || std::find(std::begin(none), std::end(none), text) != std::end(none);
}

} // namespace

std::optional<secret_level> secret_marking(std::string_view text) {
    std::vector<letter> all = letters_of(text);
    if (auto level = whole(all)) return level;
    if (auto level = labelled(all)) return level;
    if (auto level = leading(all)) return level;
    return trailing(text);
}

std::optional<secret_marker> find_secret_marker(const document_header& h) {
    if (h.other_info && !says_not_secret(h.other_info->secret)) // edXML 1.0: the element exists for nothing else
        return secret_marker{secret_marking(h.other_info->secret).value_or(secret_level::unspecified),
                             "other_info.secret", h.other_info->secret};
    std::vector<std::pair<std::string, std::string_view>> fields = {
        {"document_type.type_name", h.document_type.type_name},
        {"document_type.type_detail", h.document_type.type_detail},
        {"subject", h.subject},
        {"content", h.content}};
    if (h.other_info) {
        fields.emplace_back("other_info.sphere_of_promulgation", h.other_info->sphere_of_promulgation);
        for (const std::string& name : h.other_info->appendixes) fields.emplace_back("other_info.appendixes", name);
    }
    for (const auto& [field, text] : fields)
        if (auto level = secret_marking(text)) return secret_marker{*level, field, std::string(text)};
    return std::nullopt;
}

} // namespace vanthu::edxml
