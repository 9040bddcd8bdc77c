#include "signing/pdf/anchor.hpp"

#include "signing/pdf/errors.hpp"

#include <algorithm>
#include <cmath>

namespace vanthu::pdf {
namespace {

// Small letters of Vietnamese for capital ones; other letters stay.
char32_t folded(char32_t c) {
    if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7)) return c + 32;
    bool pairs = (c >= 0x100 && c <= 0x137) || (c >= 0x168 && c <= 0x169) || c == 0x1a0 || (c >= 0x1ea0 && c <= 0x1ef9);
    if (pairs) return c | 1;
    return c == 0x1af ? 0x1b0 : c;
}

struct letters {
    std::u32string text;         // folded, without spaces
    std::vector<std::size_t> at; // byte of each
};

letters letters_of(std::string_view utf8) {
    letters out;
    for (std::size_t i = 0; i < utf8.size();) {
        unsigned char lead = static_cast<unsigned char>(utf8[i]);
        std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 1;
        char32_t c = length == 1 ? lead : lead & (0x7f >> length);
        for (std::size_t k = 1; k < length && i + k < utf8.size(); ++k)
            c = c << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3f);
        if (c > 0x20 && c != 0xa0) {
            out.text += folded(c);
            out.at.push_back(i);
        }
        i += length;
    }
    return out;
}

double left_of(const text_line& line, std::size_t byte) { return byte < line.at.size() ? line.at[byte] : line.end; }

double middle(const text_line& l) { return (l.x + l.end) / 2; }

// Where the last line of `on` that ends with `name` stands.
const text_line* name_line(const std::vector<text_line>& on, const std::u32string& name) {
    for (auto line = on.rbegin(); line != on.rend(); ++line)
        if (letters_of(line->text).text.ends_with(name)) return &*line;
    return nullptr;
}

bool is_block_to_sign(const text_line& line) {
    std::u32string plain;
    for (char32_t c : letters_of(line.text).text)
        if (std::u32string_view(U"().,;:/-").find(c) == std::u32string_view::npos) plain += c;
    for (std::u32string_view words : {U"kýtên", U"kýghirõhọtên", U"kývàghirõhọtên", U"kýtênđóngdấu", U"kýtênghirõhọtên",
                                      U"kýghirõhọtênđóngdấu", U"kýtênvàghirõhọtên", U"kývàđóngdấu"})
        if (plain == words) return true;
    return false;
}

constexpr double usual_width = 200, usual_height = 60; // of cell 7c

// The name is not that of the certificate: cell 7c is still the one blank at the right of the last page that lies
// between two lines centred on each other.
result<placement> only_blank_cell(page_texts& texts, std::string_view full_name) {
    const auto& lines = texts.page(texts.count());
    std::optional<placement> only;
    for (const text_line& below : lines) {
        if (middle(below) < texts.width(texts.count()) / 2) continue;
        const text_line* above = nullptr;
        for (const text_line& line : lines)
            if (line.y > below.y + 2 && line.end > below.x && line.x < below.end && (!above || line.y < above->y))
                above = &line;
        if (!above || std::abs(middle(*above) - middle(below)) > 12) continue;
        double top = above->y - above->size * 0.35, bottom = below.y + below.size * 0.95;
        if (top - bottom < 40 || top - bottom > 160) continue;
        if (only) return failed(errc::place_ambiguous, std::string(full_name));
        double height = std::min(top - bottom, usual_height);
        only =
            placement{texts.count(), middle(below) - usual_width / 2, (top + bottom - height) / 2, usual_width, height};
    }
    if (!only) return failed(errc::place_not_found, std::string(full_name));
    return *only;
}

} // namespace

const std::vector<text_line>& page_texts::page(int number) {
    auto [at, fresh] = read_.try_emplace(number);
    if (fresh) at->second = lines_of(form_.pages()[static_cast<std::size_t>(number) - 1], false);
    return at->second;
}

result<found_text> last_occurrence(page_texts& texts, std::string_view words) {
    std::u32string wanted = letters_of(words).text;
    if (wanted.empty()) return failed(errc::place_not_found);
    for (int page = texts.count(); page >= 1; --page) {
        const auto& lines = texts.page(page);
        for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
            letters have = letters_of(line->text);
            std::size_t at = have.text.rfind(wanted);
            if (at == have.text.npos) continue;
            std::size_t after = at + wanted.size();
            double end = after < have.at.size() ? left_of(*line, have.at[after]) : line->end;
            return found_text{page, left_of(*line, have.at[at]), end, line->y, line->size};
        }
    }
    return failed(errc::place_not_found, std::string(words));
}

result<placement> signing_space(page_texts& texts, std::string_view full_name) {
    std::u32string name = letters_of(full_name).text;
    for (int page = texts.count(); page >= 1 && !name.empty(); --page) {
        const auto& lines = texts.page(page);
        const text_line* below = name_line(lines, name);
        if (!below) continue;
        const text_line* above = nullptr; // the nearest line over the name
        for (const text_line& line : lines)
            if (line.y > below->y + 2 && std::abs(middle(line) - middle(*below)) < 90 && (!above || line.y < above->y))
                above = &line;
        double top = above ? above->y - above->size * 0.35 : 0, bottom = below->y + below->size * 0.95;
        if (!above || top - bottom < 20 || top - bottom > 200)
            return failed(errc::place_not_found, std::string(full_name));
        double height = std::min(top - bottom, usual_height);
        double centre = (middle(*above) + middle(*below)) / 2;
        return placement{page, centre - usual_width / 2, (top + bottom - height) / 2, usual_width, height};
    }
    for (int page = texts.count(); page >= 1; --page) {
        const text_line* block = nullptr;
        for (const text_line& line : texts.page(page)) {
            if (!is_block_to_sign(line)) continue;
            if (block) return failed(errc::place_ambiguous, line.text);
            block = &line;
        }
        if (block)
            return placement{page, middle(*block) - usual_width / 2, block->y - 6 - usual_height, usual_width,
                             usual_height};
    }
    return only_blank_cell(texts, full_name);
}

namespace {

constexpr double blank_height = 17, below_baseline = 4.5;

const text_line* number_line(page_texts& texts) {
    const auto& lines = texts.page(1);
    auto at = std::find_if(lines.begin(), lines.end(),
                           [](const text_line& l) { return letters_of(l.text).text.starts_with(U"số:"); });
    return at == lines.end() ? nullptr : &*at;
}

} // namespace

std::optional<placement> number_space(page_texts& texts) {
    const text_line* line = number_line(texts);
    if (!line) return std::nullopt;
    letters have = letters_of(line->text);
    double begin = have.at.size() > 3 ? left_of(*line, have.at[3]) : line->end, end = begin + 130;
    for (std::size_t i = 3; i < have.text.size(); ++i) { // dots may mark the blank, "/UBND" ends it
        if (have.text[i] == U'.' || have.text[i] == U'…' || have.text[i] == U'_') continue;
        if (have.text[i] != U'/') return std::nullopt; // numbered already
        end = left_of(*line, have.at[i]);
        // The blank is what lies between colon and slash, also where it is made of spaces.
        std::size_t colon = line->text.find(':');
        begin = left_of(*line, colon) + line->size * 0.28;
        break;
    }
    for (const text_line& other : texts.page(1)) // the next thing on the line, or the other column
        if (std::abs(other.y - line->y) < 3 && other.x > begin) end = std::min(end, other.x - 2);
    begin += 3;
    if (end - begin < 14) return std::nullopt;
    return placement{1, begin, line->y - below_baseline, end - begin, blank_height};
}

std::optional<placement> date_space(page_texts& texts) {
    const text_line* number = number_line(texts);
    if (!number) return std::nullopt;
    for (const text_line& line : texts.page(1)) {
        bool beside = std::abs(line.y - number->y) < 8 && line.x > number->end;
        if (!beside || !letters_of(line.text).text.ends_with(U',')) continue;
        return placement{1, line.end + 3, line.y - below_baseline, 170, blank_height};
    }
    return std::nullopt;
}

std::string printed_behind(page_texts& texts, int page, const placement& blank) {
    for (const text_line& line : texts.page(page)) {
        if (line.y < blank.y || line.y > blank.y + blank.height) continue;
        letters have = letters_of(line.text);
        for (std::size_t i = 0; i < have.at.size(); ++i)
            if (left_of(line, have.at[i]) > blank.x + blank.width - 3) {
                if (have.text[i] == U'/') return line.text.substr(have.at[i]);
                break;
            }
    }
    return "";
}

} // namespace vanthu::pdf
