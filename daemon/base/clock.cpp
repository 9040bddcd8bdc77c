#include "daemon/base/clock.hpp"

#include <charconv>
#include <fmt/format.h>

namespace vanthu {
namespace {

using namespace std::chrono;

struct civil {
    year_month_day date;
    hh_mm_ss<microseconds> time;
};

civil split(timestamp t) {
    auto day = floor<days>(t);
    return {year_month_day(day), hh_mm_ss<microseconds>(t - day)};
}

void append_digits(std::string& out, std::int64_t number, std::size_t width) {
    const std::size_t begin = out.size();
    out.resize(begin + width, '0');
    for (std::size_t at = out.size(); at > begin; number /= 10) out[--at] = static_cast<char>('0' + number % 10);
}

// "2025-07-15T09:20:05". By hand: fmt takes ten times as long, and signatures are dated one by one.
std::string to_seconds(const civil& at) {
    const int y = int(at.date.year());
    std::string out;
    out.reserve(32);
    if (y >= 0 && y <= 9999)
        append_digits(out, y, 4);
    else
        out += fmt::format("{:04}", y);
    auto two = [&](char before, std::int64_t number) {
        out += before;
        append_digits(out, number, 2);
    };
    two('-', unsigned(at.date.month()));
    two('-', unsigned(at.date.day()));
    two('T', at.time.hours().count());
    two(':', at.time.minutes().count());
    two(':', at.time.seconds().count());
    return out;
}

// Reads exactly `width` digits at `at` and moves on; -1 where there are none.
int digits(std::string_view text, std::size_t& at, std::size_t width) {
    if (at + width > text.size()) return -1;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        char c = text[at + i];
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    at += width;
    return value;
}

bool literal(std::string_view text, std::size_t& at, char c) { return at < text.size() && text[at] == c ? (++at, true) : false; }

std::optional<year_month_day> date(std::string_view text, std::size_t& at, char separator) {
    int y = digits(text, at, 4);
    if (y < 0 || !literal(text, at, separator)) return std::nullopt;
    int m = digits(text, at, 2);
    if (m < 0 || !literal(text, at, separator)) return std::nullopt;
    int d = digits(text, at, 2);
    if (d < 0) return std::nullopt;
    year_month_day ymd{year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))};
    if (!ymd.ok()) return std::nullopt;
    return ymd;
}

std::optional<seconds> time_of_day(std::string_view text, std::size_t& at) {
    int h = digits(text, at, 2);
    if (h < 0 || h > 23 || !literal(text, at, ':')) return std::nullopt;
    int m = digits(text, at, 2);
    if (m < 0 || m > 59 || !literal(text, at, ':')) return std::nullopt;
    int s = digits(text, at, 2);
    if (s < 0 || s > 60) return std::nullopt;
    return hours(h) + minutes(m) + seconds(s);
}

} // namespace

std::string to_rfc3339(timestamp t) {
    const civil at = split(t);
    std::string out = to_seconds(at);
    out += '.';
    append_digits(out, at.time.subseconds().count(), 6);
    out += 'Z';
    return out;
}

std::string to_rfc3339_vietnam(timestamp t) { return to_seconds(split(t + vietnam_offset)) + "+07:00"; }

std::optional<timestamp> from_rfc3339(std::string_view text) {
    std::size_t at = 0;
    auto ymd = date(text, at, '-');
    if (!ymd || at >= text.size() || (text[at] != 'T' && text[at] != 't' && text[at] != ' ')) return std::nullopt;
    ++at;
    auto tod = time_of_day(text, at);
    if (!tod) return std::nullopt;
    microseconds fraction{0};
    if (literal(text, at, '.')) {
        std::int64_t unit = 100000;
        std::size_t first = at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) fraction += microseconds((text[at] - '0') * unit);
        if (at == first) return std::nullopt;
    }
    minutes offset{0};
    if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
        ++at;
    } else if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
        int sign = text[at++] == '-' ? -1 : 1;
        int h = digits(text, at, 2);
        if (h < 0 || !literal(text, at, ':')) return std::nullopt;
        int m = digits(text, at, 2);
        if (m < 0) return std::nullopt;
        offset = sign * (hours(h) + minutes(m));
    } else {
        return std::nullopt;
    }
    if (at != text.size()) return std::nullopt;
    return timestamp(sys_days(*ymd) + *tod + fraction - offset);
}

std::string to_edxml_time(timestamp t) {
    auto [d, c] = split(t + vietnam_offset);
    return fmt::format("{:04}/{:02}/{:02} {:02}:{:02}:{:02}", int(d.year()), unsigned(d.month()), unsigned(d.day()), c.hours().count(),
                       c.minutes().count(), c.seconds().count());
}

std::string to_edxml_date(timestamp t) { return to_edxml_time(t).substr(0, 10); }

std::optional<timestamp> from_edxml_time(std::string_view text) {
    std::size_t at = 0;
    auto ymd = date(text, at, '/');
    if (!ymd || !literal(text, at, ' ')) return std::nullopt;
    auto tod = time_of_day(text, at);
    if (!tod || at != text.size()) return std::nullopt;
    return timestamp(sys_days(*ymd) + *tod - vietnam_offset);
}

std::optional<year_month_day> from_edxml_date(std::string_view text) {
    std::size_t at = 0;
    auto ymd = date(text, at, '/');
    return at == text.size() ? ymd : std::nullopt;
}

} // namespace vanthu
