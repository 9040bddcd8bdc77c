#include "daemon/web/entries_due.hpp"

namespace vanthu::web {

entries_due due_among(const std::map<std::uint64_t, standing::entry>& open, const calendar::office& office,
                      timestamp now) {
    entries_due out;
    for (const auto& [sequence, e] : open) {
        if (now <= office.days.after(from_us(e.created_at), office.not_fetched_after)) break;
        ++out.not_fetched;
    }
    const timestamp warned = calendar::warned_until(office.days, office.margins, now);
    std::optional<timestamp> from;
    timestamp by{};
    for (const auto& [sequence, e] : open) {
        const timestamp kept = from_us(e.created_at);
        if (!from || kept < *from || kept >= by) { // what comes until the end of that day's work has the same deadline
            from = kept;
            by = arrived_by(office.days, kept);
        }
        if (by > warned && by >= now) break;
        if (!e.is_document) continue; // the arrival of a status is told to nobody
        ++(now > by ? out.overdue : out.due_soon);
    }
    return out;
}

} // namespace vanthu::web
