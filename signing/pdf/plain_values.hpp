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
std::string_view entry_of(const entry_list& all, std::string_view key); // "" where there is none

// Tokens with white space and nothing else between; keys of a dictionary only once.
class value_reader {
public:
    // `references` gathers all that the values contain. Both must outlive this.
    value_reader(std::string_view file, std::size_t at, std::vector<QPDFObjGen>& references)
        : file_(file), s_(file, at), references_(references) {}

    std::size_t at() const { return s_.at(); }
    void move_to(std::size_t at) { s_.move_to(at); }

    token next(); // kind bad: a comment stands before it
    bool word(std::string_view expected);
    // The value that begins with `first`; `into`: the entries, if it is a dictionary. False: not spelled plainly.
    bool value(const token& first, int depth = 0, entry_list* into = nullptr);

private:
    bool dictionary(int depth, entry_list* into);
    bool plain_word(const token& first);

    std::string_view file_;
    scanner s_;
    std::vector<QPDFObjGen>& references_;
};

} // namespace vanthu::pdf
