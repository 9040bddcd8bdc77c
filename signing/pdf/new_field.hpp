// What a signature field that was added after a signature may bring along. Internal to signing/pdf.
//
// A signature answers for its own look. A time stamp, which anybody can buy, and a field that nobody has signed answer
// for nothing: readers draw /MK, /BS and /Border over the page as they draw /AP, so such a field has only entries known
// to draw and to do nothing.
#pragma once

#include "signing/pdf/document.hpp"

namespace vanthu::pdf {

enum class field_state { empty, time_stamped, signed_by_somebody };

// Of a field all of whose objects are new. False also where the field is not put together plainly: a parent of its own,
// widgets that do not belong to it, actions on it or on a widget.
bool is_acceptable_new_field(const form_field& field, field_state state);

// No area, or the flag Hidden: readers draw nothing, whatever the entries are.
bool is_unseen(QPDFObjectHandle widget);

} // namespace vanthu::pdf
