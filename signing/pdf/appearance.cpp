#include "signing/pdf/appearance.hpp"

#include "signing/pdf/errors.hpp"

#include <algorithm>

namespace vanthu::pdf {
namespace {

constexpr std::string_view profile_names[] = {"approved", "initial", "issued", "appendix", "copy", "income", "comment"};
constexpr std::string_view form_names[] = {"sao-y", "sao-luc", "trich-sao"};
constexpr std::string_view form_labels[] = {"SAO Y", "SAO LỤC", "TRÍCH SAO"};
constexpr std::string_view variables[] = {"signer", "organisation", "number", "form",
                                          "date",   "time",         "offset", "comment"};

template <class Enum> std::optional<Enum> named(std::span<const std::string_view> names, std::string_view name) {
    auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) return std::nullopt;
    return static_cast<Enum>(at - names.begin() + 1);
}

std::string value_of(std::string_view variable, const text_values& v) {
    if (variable == "signer") return v.signer;
    if (variable == "organisation") return v.organisation;
    if (variable == "number") return v.number;
    if (variable == "form") return v.form;
    if (variable == "comment") return v.comment;
    if (!v.time) return "";
    std::string iso = to_rfc3339_vietnam(*v.time); // 2025-07-15T16:20:05+07:00
    if (variable == "date") return iso.substr(8, 2) + "/" + iso.substr(5, 2) + "/" + iso.substr(0, 4);
    if (variable == "time") return iso.substr(11, 8);
    return iso.substr(iso.size() - 6);
}

// "" where the part has variables and all of them are empty.
std::string filled(std::string_view part, const text_values& values) {
    std::string out;
    bool any_variable = false, any_value = false;
    while (!part.empty()) {
        std::size_t open = part.find('{'), close = part.find('}');
        if (open == part.npos || close == part.npos || close < open) return out += part;
        out += part.substr(0, open);
        std::string value = value_of(part.substr(open + 1, close - open - 1), values);
        any_variable = true;
        any_value = any_value || !value.empty();
        out += value;
        part.remove_prefix(close + 1);
    }
    return any_variable && !any_value ? std::string() : out;
}

} // namespace

std::string_view to_string(profile p) { return profile_names[static_cast<int>(p) - 1]; }
std::optional<profile> profile_named(std::string_view name) { return named<profile>(profile_names, name); }
std::string_view to_string(copy_form f) { return form_labels[static_cast<int>(f) - 1]; }
std::optional<copy_form> copy_form_named(std::string_view name) { return named<copy_form>(form_names, name); }

std::span<const appearance> default_appearances() {
    static const std::vector<appearance> table = {
        {profile::approved,
         place_rule::leader,
         picture_rule::signature,
         text_rule::without_picture,
         signs::person,
         10,
         {"Người ký: {signer}", "Thời gian ký: {date}; {time} {offset}"},
         true},
        {profile::initial,
         place_rule::end_mark,
         picture_rule::signature,
         text_rule::without_picture,
         signs::person,
         10,
         {"{signer}; {date}; {time} {offset}"},
         true},
        {profile::issued,
         place_rule::beside_leader,
         picture_rule::seal,
         text_rule::without_picture,
         signs::agency,
         10,
         {"{organisation}", "{date}; {time} {offset}"},
         false},
        {profile::appendix,
         place_rule::top_right,
         picture_rule::none,
         text_rule::always,
         signs::agency,
         10,
         {"Số: {number}; {date}; {time} {offset}"},
         false},
        {profile::copy,
         place_rule::top_right,
         picture_rule::none,
         text_rule::always,
         signs::agency,
         10,
         {"{form}; {organisation}; {date}; {time} {offset}"},
         false},
        {profile::income,
         place_rule::top_left,
         picture_rule::none,
         text_rule::always,
         signs::either,
         10,
         {"{organisation}", "{comment}; {date}; {time} {offset}"},
         false},
        {profile::comment,
         place_rule::top_left,
         picture_rule::none,
         text_rule::always,
         signs::person,
         10,
         {"{comment}", "{signer}; {date}; {time} {offset}"},
         false},
    };
    return table;
}

const appearance& default_appearance(profile kind) { return default_appearances()[static_cast<std::size_t>(kind) - 1]; }

result<> check(const appearance& look) {
    if (look.lines.size() > 6) return failed(errc::bad_pattern, "lines");
    if (!(look.size >= 6 && look.size <= 20)) return failed(errc::bad_pattern, "size");
    for (std::string_view rest : look.lines)
        while (!rest.empty()) {
            std::size_t brace = rest.find_first_of("{}");
            if (brace == rest.npos) break;
            std::size_t close = rest.find('}', brace);
            std::string_view name = close == rest.npos ? "" : rest.substr(brace + 1, close - brace - 1);
            if (rest[brace] == '}' ||
                std::find(std::begin(variables), std::end(variables), name) == std::end(variables))
                return failed(errc::bad_pattern, std::string(rest));
            rest.remove_prefix(close + 1);
        }
    return {};
}

std::vector<std::string> shown_lines(const appearance& look, const text_values& values) {
    std::vector<std::string> lines;
    for (std::string_view rest : look.lines) {
        std::string line;
        while (!rest.empty()) {
            std::size_t end = std::min(rest.find("; "), rest.size());
            std::string part = filled(rest.substr(0, end), values);
            if (!part.empty()) line += (line.empty() ? "" : "; ") + part;
            rest.remove_prefix(std::min(end + 2, rest.size()));
        }
        if (!line.empty()) lines.push_back(std::move(line));
    }
    return lines;
}

} // namespace vanthu::pdf
