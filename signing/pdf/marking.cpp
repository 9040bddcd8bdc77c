#include "signing/pdf/marking.hpp"

#include "signing/pdf/text.hpp"

#include <algorithm>

namespace vanthu::pdf {
namespace {

constexpr std::size_t largest_file = 256u << 20;

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
    std::vector<std::string> texts;
    if (file.size() > largest_file) return texts;
    try {
        // Recovery is welcome here: a damaged file may still carry a mark.
        QPDF qpdf;
        qpdf.setSuppressWarnings(true);
        qpdf.processMemoryFile("document", reinterpret_cast<const char*>(file.data()), file.size());
        auto pages = qpdf.getAllPages();
        if (pages.empty()) return texts;
        for (text_line& line : lines_of(pages.front(), true)) texts.push_back(std::move(line.text));
    } catch (const std::exception&) {
        // No page, no text.
    }
    return texts;
}

std::optional<secret_marking> first_page_marking(bytes_view file) {
    std::optional<secret_marking> highest;
    for (const std::string& line : first_page_text(file))
        if (auto found = marking_of(line); found && (!highest || *found > *highest)) highest = found;
    return highest;
}

} // namespace vanthu::pdf
