// Values of a PDF spelled so that every reader reads the same. Internal to signing/pdf. Source: ISO 32000-2 7.2, 7.3.
#pragma once

#include "signing/pdf/qpdf.hpp"
#include "signing/pdf/syntax.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vanthu::pdf {

// Digits only, no leading zeros, below 2^31.
std::optional<int> natural(std::string_view text);
// Some writers keep room for a number that they know later: "000123".
std::optional<int> padded(std::string_view text);
// "[1 2 3]"
std::optional<std::vector<int>> naturals(std::string_view array);
// "/Pa#67es" is /Pages. nullopt: an escape that readers take differently.
std::optional<std::string> name_of(std::string_view spelled);

// Of a dictionary: decoded key, value as spelled.
using entry_list = std::vector<std::pair<std::string, std::string_view>>;
std::string_view entry_of(const entry_list& all, std::string_view key); // "" where there is none; as QPDF: the last

// What can be read, but is not spelled plainly.
enum class oddity {
    comment,   // between tokens
    word,      // neither a number nor a word of PDF: "1e5"
    name,      // an escape that is none: "/C#Sharp"; bytes that are white space to some
    key_again, // twice in a dictionary with the same value,
    key_twice, // with another one: some readers take the first, others the last
};
struct odd_spelling {
    oddity what;
    std::size_t begin, end; // of a key: the later entry, "/Key value"
};

class value_reader {
public:
    // `references` gathers all that the values contain, `odd` what is not plain. All must outlive this.
    value_reader(std::string_view file, std::size_t at, std::vector<QPDFObjGen>& references,
                 std::vector<odd_spelling>& odd)
        : file_(file), s_(file, at), references_(references), odd_(odd) {}

    std::size_t at() const { return s_.at(); }
    void move_to(std::size_t at) { s_.move_to(at); }

    token next();
    bool word(std::string_view expected);
    // The value that begins with `first`; `into`: the entries, if it is a dictionary. False: it cannot be read.
    bool value(const token& first, int depth = 0, entry_list* into = nullptr);

private:
    bool dictionary(int depth, entry_list* into);
    bool plain_word(const token& first);
    bool is_plain_name(const token& name);
    bool note(oddity what, std::size_t begin, std::size_t end);

    std::string_view file_;
    scanner s_;
    std::vector<QPDFObjGen>& references_;
    std::vector<odd_spelling>& odd_;
};

} // namespace vanthu::pdf
