// Where on a document a signature belongs, by what is written there. Internal to signing/pdf.
//
// Comparison ignores spaces and capitals. What is not found, or found where several are equally likely, is a refusal:
// a signature in the wrong place cannot be taken back.
#pragma once

#include "signing/pdf/form.hpp"
#include "signing/pdf/text.hpp"

#include <map>

namespace vanthu::pdf {

class page_texts {
public:
    explicit page_texts(const form& of) : form_(of) {}
    const std::vector<text_line>& page(int number); // from 1; read once
    int count() const { return static_cast<int>(form_.pages().size()); }
    double width(int page) const { return form_.frame(page).width(); }

private:
    const form& form_;
    std::map<int, std::vector<text_line>> read_;
};

struct found_text {
    int page = 0;
    double x = 0, end = 0, y = 0, size = 0; // left and right edge, baseline, height of letters
};

// The last occurrence of `words` in the document: the place to sign stands at the end, and so does the last word of a
// list of recipients or of a text. errc::place_not_found.
result<found_text> last_occurrence(page_texts& texts, std::string_view words);

// The space for a person's signature: between the line with the full name (the last one of the document) and the title
// above it; where the name is not found, below the only block "Ký tên"; else the only blank between two lines centred
// on each other at the right of the last page. errc::place_not_found, place_ambiguous.
result<placement> signing_space(page_texts& texts, std::string_view full_name);

// Blank space for the number behind "Số:" and for the date behind the name of the place, on the first page; nullopt
// where the form is not there or already filled.
std::optional<placement> number_space(page_texts& texts);
std::optional<placement> date_space(page_texts& texts);
// What is printed behind that blank on its line: "/UBND-KGVX".
std::string printed_behind(page_texts& texts, int page, const placement& blank);

} // namespace vanthu::pdf
