// Whether every object of a file stands where the cross-reference says and reads as one, found from the bytes alone:
// QPDF makes an object of each, which is most of the time of signing a file of which four objects are needed. Internal
// to signing/pdf. Source: ISO 32000-2 7.2, 7.3.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace vanthu::pdf {

struct object_place {
    int id, generation;
    std::size_t at; // of "N G obj", from "%PDF-"
};

// The highest number that an object or a reference in one has; 0 without objects. nullopt: not known, ask QPDF. That is
// so wherever the spelling is not the plainest (comments, escapes in names, long or deep values): what is called sound
// here QPDF reads without a warning. `file` begins with "%PDF-", `objects` are in the order of their ids.
// `ranges` receives those whose dictionary has the key /ByteRange.
std::optional<int> highest_number_if_sound(std::string_view file, const std::vector<object_place>& objects,
                                           std::vector<object_place>* ranges = nullptr);

} // namespace vanthu::pdf
