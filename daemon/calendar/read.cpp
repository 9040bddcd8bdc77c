#include "daemon/base/rule_file.hpp"
#include "daemon/calendar/calendar.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace vanthu::calendar {
namespace {

using rule_file::errc;
using rule_file::section;
using std::chrono::minutes;

constexpr std::string_view weekdays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                         "thursday", "friday", "saturday"}; // as c_encoding()
constexpr int longest_holiday = 31;                                         // days: a slip in the year is longer

std::optional<minutes> time_of_day(std::string_view text) {
    auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    if (text.size() != 5 || !digit(0) || !digit(1) || text[2] != ':' || !digit(3) || !digit(4)) return std::nullopt;
    int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
    if (minute > 59 || hour * 60 + minute > 24 * 60) return std::nullopt;
    return minutes(hour * 60 + minute);
}

std::optional<hours> hours_from(section& s, std::string_view key) {
    auto texts = s.texts(key);
    if (!texts) return std::nullopt;
    hours all;
    for (const std::string& one : *texts) {
        auto from = one.size() == 11 && one[5] == '-' ? time_of_day(std::string_view(one).substr(0, 5)) : std::nullopt;
        auto to = from ? time_of_day(std::string_view(one).substr(6)) : std::nullopt;
        if (!to || *from >= *to) {
            s.refuse(errc::bad_value, key, fmt::format("\"{}\" is no span of hours, as \"07:30-11:30\"", one));
            return std::nullopt;
        }
        if (!all.empty() && *from < all.back().to) {
            s.refuse(errc::bad_value, key, "the spans must follow one another");
            return std::nullopt;
        }
        all.push_back({*from, *to});
    }
    return all;
}

} // namespace

result<office_calendar> read_calendar(std::string_view text, std::string_view file) {
    VANTHU_TRY(toml::table all, rule_file::parse_file(text, file));
    office_calendar out;
    section s(all, file);
    if (auto years = s.texts("years")) {
        for (const std::string& one : *years) {
            const bool plausible =
                one.size() == 4 && std::ranges::all_of(one, [](char c) { return c >= '0' && c <= '9'; });
            if (plausible)
                out.years_.insert(std::chrono::year(std::stoi(one)));
            else
                s.refuse(errc::bad_value, "years", one + " is no year, as \"2026\"");
        }
    }
    if (const toml::table* week = s.table("hours")) {
        section h(*week, file);
        for (std::size_t i = 0; i < out.week_.size(); ++i)
            out.week_[i] = hours_from(h, weekdays[i]).value_or(hours{}); // the table replaces the built-in week
        VANTHU_CHECK(h.done());
        if (std::ranges::all_of(out.week_, [](const hours& d) { return d.empty(); }))
            s.refuse(errc::bad_value, "hours", "nobody would ever work");
    }
    auto put = [&](section& row, std::string_view key, day d, hours worked) {
        if (!out.exceptions_.emplace(d, std::move(worked)).second)
            row.refuse(errc::bad_value, key, "the day stands in the calendar already");
    };
    for (const toml::table* one : s.tables("holiday")) {
        section row(*one, file);
        row.text("name");
        auto from = row.day("from");
        auto to = row.day("to");
        if (!from && !row.has("from")) row.refuse(errc::bad_value, "from", "is missing");
        if (from) {
            day first = day_of(*from), last = to ? day_of(*to) : first;
            if (last < first || last - first >= std::chrono::days(longest_holiday))
                row.refuse(errc::bad_value, "to", fmt::format("a holiday has 1 to {} days", longest_holiday));
            else
                for (day d = first; d <= last; d += std::chrono::days(1)) put(row, "from", d, {});
        }
        VANTHU_CHECK(row.done());
    }
    for (const toml::table* one : s.tables("working_day")) {
        section row(*one, file);
        row.text("name");
        auto when = row.day("day");
        auto as = row.word("as", weekdays);
        if (!when && !row.has("day")) row.refuse(errc::bad_value, "day", "is missing");
        if (!as && !row.has("as")) row.refuse(errc::bad_value, "as", "is missing: whose hours, as \"monday\"");
        if (when && as) {
            if (out.week_[*as].empty()) row.refuse(errc::bad_value, "as", "nobody works on that day of the week");
            put(row, "day", day_of(*when), out.week_[*as]);
        }
        VANTHU_CHECK(row.done());
    }
    VANTHU_CHECK(s.done());
    return out;
}

} // namespace vanthu::calendar
