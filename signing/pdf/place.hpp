// Chooses the rectangle of a signature by the rule of its appearance. Internal to signing/pdf.
#pragma once

#include "signing/pdf/anchor.hpp"
#include "signing/pdf/picture.hpp"

namespace vanthu::pdf {

struct content_size {
    std::optional<picture> image;
    double text_width = 0, text_height = 0; // of the lines that go with it
};

struct chosen_place {
    placement whole; // of the widget
    placement image; // within it, where there is a picture
};

// errc::page_out_of_range, bad_rectangle, place_not_found, place_ambiguous, no_room.
result<chosen_place> choose_place(const form& on, page_texts& texts, const appearance& look,
                                  const signature_request& request, const content_size& what);

// The rectangle of the seal for a leader's signature that stands at `leader`.
placement beside(const placement& leader, double width, double height);

} // namespace vanthu::pdf
