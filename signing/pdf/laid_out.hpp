// The fields that a leader's signature leaves open: for number and date, and for the seal. Internal to signing/pdf.
//
// Whoever drafts a letter can put fields of these names into it. What is filled in later must not be more than a number
// or a date in the heading, so a field left open is one like those that `approved` lays out: small, in the heading of
// the first page, with nothing that draws or acts. Bounds, beside ISO 32000-2 12.7: NĐ 30/2020/NĐ-CP, annex I, part I,
// II.3 (number: one line of 13 points under the agency), II.4 (place and date: on the same line), II.8 and IV (seal).
#pragma once

#include "signing/pdf/document.hpp"
#include "signing/pdf/sign.hpp"

namespace vanthu::pdf {

inline bool is_left_open(std::string_view name) {
    return name == number_field || name == date_field || name == seal_field;
}

enum class filling { none, allowed }; // may it have a value and an appearance?

// What is wrong with the field `name` ("size", "place", "/AA" ...); nullopt: nothing, or there is no such field.
// `name` is number_field, date_field or seal_field. Throws what QPDF throws.
std::optional<std::string> unfit(const field_tree& fields, QPDF& qpdf, std::string_view name, filling value);

// Is a text of this size at this place one that unfit() lets pass? (page upright, see page_frame)
bool is_in_heading(const placement& where, double page_width, double page_height);

// Does a field show letters, lines and areas only, in each of its looks, and no picture? `strict`: it is a text field
// and shows letters only.
bool shows_text_only(const form_field& field, bool strict);

// The pages that show an annotation, each as often as it does.
class shown_annotations {
public:
    explicit shown_annotations(QPDF& qpdf);
    const std::vector<std::pair<int, QPDFObjectHandle>>& pages_of(QPDFObjectHandle widget) const;

private:
    std::map<QPDFObjGen, std::vector<std::pair<int, QPDFObjectHandle>>> pages_;
};

// Does a field, with those before it, cover more than a quarter of a page, or has it no plain rectangle? `covered`:
// which part of each page the fields so far cover; it is added.
bool covers_page(const form_field& field, const shown_annotations& shown, std::map<int, double>& covered);

} // namespace vanthu::pdf
