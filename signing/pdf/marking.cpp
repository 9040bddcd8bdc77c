#include "signing/pdf/marking.hpp"

#include "signing/pdf/text.hpp"

#include <algorithm>

namespace vanthu::pdf {
namespace {

constexpr std::size_t largest_file = 256u << 20;

void replace_all(std::string& s, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = s.find(from, at)) != s.npos; at += to.size()) s.replace(at, from.size(), to);
}

// Without what has no width (soft hyphen, zero-width and direction characters, variation selectors), and with the
// fullwidth forms and the wide spaces as the plain ones: on paper the word is the same.
std::string visible_letters(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto c = static_cast<unsigned char>(text[at]);
        const std::size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        const std::string_view one = text.substr(at, n);
        at += n;
        char32_t code = n == 1 ? c : c & (0x7fu >> n);
        for (char further : one.substr(1)) code = code << 6 | (static_cast<unsigned char>(further) & 0x3f);
        if (code == 0xad || code == 0x34f || code == 0x61c || code == 0x180e || (code >= 0x200b && code <= 0x200f) ||
            (code >= 0x202a && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
            (code >= 0xfe00 && code <= 0xfe0f) || code == 0xfeff)
            continue;
        if (code >= 0xff01 && code <= 0xff5e)
            out += static_cast<char>(code - 0xff01 + 0x21);
        else if ((code >= 0x2000 && code <= 0x200a) || code == 0x202f || code == 0x205f || code == 0x3000)
            out += ' ';
        else
            out += one;
    }
    return out;
}

} // namespace

std::optional<secret_marking> marking_of(std::string_view given) {
    std::string run = visible_letters(given);
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

namespace {

// The runs of the first page; false when there is none, or it could not be read to its end.
bool read_first_page(bytes_view file, std::vector<std::string>& texts) {
    if (file.size() > largest_file) return false;
    // Readers look for the header in the first 1 024 bytes, some also further on.
    const std::size_t header = as_text(file).find("%PDF-");
    if (header == std::string_view::npos) return false;
    if (header > 1024) file = file.subspan(header);
    try {
        // Recovery is welcome here: a damaged file may still carry a mark.
        QPDF qpdf;
        qpdf.setSuppressWarnings(true);
        qpdf.processMemoryFile("document", reinterpret_cast<const char*>(file.data()), file.size());
        auto pages = qpdf.getAllPages();
        if (pages.empty()) return false;
        qpdf.getWarnings(); // of the file; those of the page are wanted
        bool whole = true;
        for (text_line& line : lines_of(pages.front(), true, &whole)) texts.push_back(std::move(line.text));
        return whole && qpdf.getWarnings().empty();
    } catch (const std::exception&) {
        return false; // no page, no text
    }
}

} // namespace

std::vector<std::string> first_page_text(bytes_view file) {
    std::vector<std::string> texts;
    read_first_page(file, texts);
    return texts;
}

first_page look_at_first_page(bytes_view file) {
    std::vector<std::string> texts;
    first_page seen;
    seen.whole = read_first_page(file, texts);
    for (const std::string& line : texts)
        if (auto found = marking_of(line); found && (!seen.marking || *found > *seen.marking)) seen.marking = found;
    return seen;
}

bool holds_pdf_header(bytes_view file) { return as_text(file).find("%PDF-") != std::string_view::npos; }

std::optional<secret_marking> first_page_marking(bytes_view file) { return look_at_first_page(file).marking; }

} // namespace vanthu::pdf
