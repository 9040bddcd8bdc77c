#include "daemon/calendar/calendar.hpp"

namespace vanthu::calendar {

using std::chrono::minutes;

day day_of(timestamp t) { return day(std::chrono::floor<std::chrono::days>(t.time_since_epoch() + vietnam_offset)); }

timestamp instant(day d, minutes since_midnight) {
    return timestamp(
        std::chrono::duration_cast<std::chrono::microseconds>(d.time_since_epoch() + since_midnight - vietnam_offset));
}

office_calendar::office_calendar() {
    const hours office{{minutes(7 * 60 + 30), minutes(11 * 60 + 30)}, {minutes(13 * 60 + 30), minutes(17 * 60)}};
    for (unsigned weekday = 1; weekday <= 5; ++weekday) week_[weekday] = office;
}

const hours& office_calendar::hours_of(day d) const {
    if (auto found = exceptions_.find(d); found != exceptions_.end()) return found->second;
    return week_[std::chrono::weekday(d).c_encoding()];
}

day office_calendar::next_working_day(day after) const {
    day d = after + std::chrono::days(1);
    for (int searched = 1; searched < search_limit && !is_working_day(d); ++searched) d += std::chrono::days(1);
    return d;
}

timestamp office_calendar::end_of_working_day(timestamp t) const {
    day d = day_of(t);
    if (const hours& today = hours_of(d); !today.empty() && t < instant(d, today.back().to))
        return instant(d, today.back().to);
    d = next_working_day(d);
    const hours& then = hours_of(d);
    return instant(d, then.empty() ? minutes(24 * 60) : then.back().to);
}

timestamp office_calendar::end_of_next_morning(day d) const {
    d = next_working_day(d);
    const hours& then = hours_of(d);
    minutes end = then.empty() ? minutes(12 * 60) : then.front().to;
    for (const range& r : then)
        if (r.from < minutes(12 * 60)) end = r.to;
    return instant(d, end);
}

timestamp office_calendar::after(timestamp from, std::chrono::microseconds at_work) const {
    day d = day_of(from);
    timestamp reached = from;
    for (int searched = 0; searched < search_limit; ++searched, d += std::chrono::days(1))
        for (const range& r : hours_of(d)) {
            const timestamp begins = std::max(instant(d, r.from), from), ends = instant(d, r.to);
            if (begins >= ends) continue;
            if (at_work <= ends - begins) return begins + at_work;
            at_work -= ends - begins;
            reached = ends;
        }
    return reached;
}

} // namespace vanthu::calendar
