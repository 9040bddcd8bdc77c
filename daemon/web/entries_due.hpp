// How many entries of one inbox are late, and how many are about to be, in working time.
#pragma once

#include "daemon/calendar/duties.hpp"
#include "daemon/web/standing.hpp"

namespace vanthu::web {

struct entries_due {
    std::size_t not_fetched = 0; // by the eOffice for too long, whatever they are
    std::size_t overdue = 0;     // documents whose arrival (01) should have been told
    std::size_t due_soon = 0;    // documents whose arrival should be told within calendar.warn_before; not the overdue
    bool operator==(const entries_due&) const = default;
};

// `open`: what is not acknowledged, in the order in which it came. Looks at no entry behind the first that is in time,
// and asks the calendar once for each working day among those it looks at.
entries_due due_among(const std::map<std::uint64_t, standing::entry>& open, const calendar::office&, timestamp now);

} // namespace vanthu::web
