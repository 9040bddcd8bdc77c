// What can keep a PDF from being signed. A document that verifies badly is not an error but a report (report.hpp).
#pragma once

#include "daemon/base/error_table.hpp"

namespace vanthu::pdf {

enum class errc {
    not_a_pdf = 1,
    damaged,
    encrypted,
    too_large,
    xfa_form,
    changes_forbidden,
    field_locked,
    number_and_date_required,
    seal_place_is_fixed,
    page_out_of_range,
    bad_rectangle,
    bad_text,
    font_unusable,
    glyph_missing,
    contents_too_small,
    wrong_token,
    bad_picture,
    place_not_found,
    place_ambiguous,
    no_room,
    bad_pattern,
    text_required,
    changed_after_signing,
    field_unfit,
};
std::error_code make_error_code(errc);

} // namespace vanthu::pdf

template <> struct std::is_error_code_enum<vanthu::pdf::errc> : std::true_type {};
