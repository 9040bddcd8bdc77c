// Limits for reading a packet again that was accepted once.
#pragma once

#include "schemas/edxml/reader.hpp"

namespace vanthu::edxml {

// Accepted under limits that may be tighter today: what was promised is carried and handed out. Not below what the
// configuration may allow ([limits], docs/configuration.md).
inline limits of_what_was_accepted() {
    limits l;
    l.total_bytes = l.inflated_bytes = UINT64_MAX;
    l.header_bytes = 64u << 20;
    l.attachments = 1'000'000;
    l.inflated_ratio = UINT32_MAX;
    return l;
}

} // namespace vanthu::edxml
