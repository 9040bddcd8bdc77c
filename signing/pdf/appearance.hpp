// How each kind of signature looks and where it stands: a table of rows, built in, that a caller may replace row by
// row.
//
// A text pattern is a list of parts parted by "; ". Variables: {signer} {organisation} {number} {form} {date} {time}
// {offset} {comment}; times are those of Viet Nam. A part whose variables are all empty is left out, a line without
// parts too: "Số: {number}; {date}; {time} {offset}" without a number shows "15/07/2025; 16:20:05 +07:00".
// Source: NĐ 30/2020/NĐ-CP, annex I, part I II.7(d), II.8, III.1(d), part II I; annex III, forms 2.2 and 3.2.
#pragma once

#include "daemon/base/clock.hpp"
#include "daemon/base/failure.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vanthu::pdf {

enum class profile : std::uint8_t {
    approved = 1, // a person with authority signs; lays out the empty number, date and seal fields
    initial,      // "ký nháy": a person, before the leader, any number of times
    issued,       // the agency seals; fills number and date in the same revision and locks them
    appendix,     // the agency seals an attached file
    copy,         // the agency certifies a copy: sao y, sao lục, trích sao
    income,       // the clerk of the receiving agency marks an incoming document
    comment,      // a person writes on the document
};
std::string_view to_string(profile p);
std::optional<profile> profile_named(std::string_view name);

enum class copy_form : std::uint8_t { sao_y = 1, sao_luc, trich_sao };
std::string_view to_string(copy_form f);                         // "SAO Y", "SAO LỤC", "TRÍCH SAO"
std::optional<copy_form> copy_form_named(std::string_view name); // "sao-y", "sao-luc", "trich-sao"

enum class place_rule : std::uint8_t {
    leader = 1,    // centred between title and full name (cell 7c)
    beside_leader, // covers a third of the leader's signature, on its left (cell 8)
    top_right,     // of the first page (cell 14); further ones below
    top_left,      // of the first page; further ones below
    end_mark,      // behind the last "./."
    given,         // only where the caller says
};
enum class picture_rule : std::uint8_t {
    none = 1,
    signature, // a handwritten signature; made smaller to fit, at most a quarter of the page's width, never larger
    seal,      // true size, never scaled
};
enum class text_rule : std::uint8_t { always = 1, without_picture };
enum class signs : std::uint8_t { person = 1, agency, either }; // whose certificate; checked by the caller

struct appearance {
    profile kind = profile::approved;
    place_rule place = place_rule::given;
    picture_rule image = picture_rule::none;
    text_rule text = text_rule::always;
    signs who = signs::either;
    double size = 10;               // of the text, points; upright, black
    std::vector<std::string> lines; // patterns
    // The first signature of a document also lays out fields for number and date (contract of `issued`).
    bool lays_out_fields = false;
};

std::span<const appearance> default_appearances(); // one row a profile
const appearance& default_appearance(profile kind);

// errc::bad_pattern: unknown variable, unclosed brace, more than 6 lines, a size outside 6 to 20.
result<> check(const appearance& look);

struct text_values {
    std::string signer, organisation, number, form, comment;
    std::optional<timestamp> time;
};
// The lines to show. Precondition: check() passed.
std::vector<std::string> shown_lines(const appearance& look, const text_values& values);

} // namespace vanthu::pdf
