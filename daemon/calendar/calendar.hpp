// The office calendar: when people are at work. Deadlines of the law run on it, and "nobody has fetched this for four
// working hours". Given as data (conf/calendar.toml): weekly hours, holidays, days worked instead of others.
//
// All times are local time of Viet Nam (UTC+7, no daylight saving) inside, UTC outside. A day is a calendar day there.
// Guaranteed: every function ends, also with a calendar that is one long holiday (then after search_limit days).
// Pure, immutable; any thread.
#pragma once

#include "daemon/base/clock.hpp"
#include "daemon/base/failure.hpp"

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace vanthu::calendar {

using day = std::chrono::local_days;
day day_of(timestamp t);
timestamp instant(day d, std::chrono::minutes since_midnight);

struct range { // minutes since midnight, [from, to)
    std::chrono::minutes from, to;
    bool operator==(const range&) const = default;
};
using hours = std::vector<range>; // in order, without overlaps; empty: nobody works

class office_calendar {
public:
    // Monday to Friday, 07:30 to 11:30 and 13:30 to 17:00; no holidays.
    office_calendar();

    const hours& hours_of(day d) const;
    bool is_working_day(day d) const { return !hours_of(d).empty(); }
    // Have this year's holidays been entered? Without them a deadline may be told too early.
    bool knows(std::chrono::year y) const { return years_.contains(y); }

    day next_working_day(day after) const;
    // End of the last hours on the working day of `t`; after work, and on a day off, of the next working day.
    timestamp end_of_working_day(timestamp t) const;
    // End of the hours that begin before noon on the next working day after d; its first hours where none does.
    timestamp end_of_next_morning(day d) const;
    // When this much time at work has passed since `from`.
    timestamp after(timestamp from, std::chrono::microseconds at_work) const;

    static constexpr int search_limit = 400; // days

private:
    friend result<office_calendar> read_calendar(std::string_view, std::string_view);
    std::array<hours, 7> week_; // from Sunday, as std::chrono::weekday::c_encoding()
    std::map<day, hours> exceptions_;
    std::set<std::chrono::year> years_;
};

// rule_file::errc, detail "FILE:LINE: what". The keys: docs/working-time.md.
result<office_calendar> read_calendar(std::string_view toml, std::string_view file);

} // namespace vanthu::calendar
