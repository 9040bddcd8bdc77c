#include "daemon/calendar/duties.hpp"

namespace vanthu::calendar {

timestamp send_by(const office_calendar& c, const limits& l, std::optional<std::chrono::year_month_day> signed_on,
                  timestamp handed_in, bool urgent) {
    if (urgent) return handed_in + l.urgent_limit;
    return c.end_of_next_morning(signed_on && signed_on->ok() ? day(*signed_on) : day_of(handed_in));
}

timestamp arrived_by(const office_calendar& c, timestamp kept_at) { return c.end_of_working_day(kept_at); }

timestamp replied_by(const office_calendar& c, std::chrono::year_month_day due) {
    return c.end_of_working_day(instant(day(due), std::chrono::minutes(0)));
}

timestamp registered_by(const office_calendar& c, const limits& l, timestamp kept_at, bool urgent) {
    if (urgent) return c.after(kept_at, l.urgent_limit);
    return c.end_of_working_day(c.end_of_working_day(kept_at)); // its end is after work: the next working day
}

timestamp warned_until(const office_calendar& c, const limits& l, timestamp now) { return c.after(now, l.warn_before); }

standing stands(const office_calendar& c, const limits& l, timestamp by, std::optional<timestamp> done, timestamp now) {
    if (done) return *done <= by ? standing::met : standing::met_late;
    if (now > by) return standing::late;
    return warned_until(c, l, now) >= by ? standing::soon : standing::open;
}

} // namespace vanthu::calendar
