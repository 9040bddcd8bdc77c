// Time. Stored times are int64 microseconds UTC; what an edXML packet says is local time, UTC+7 without a zone.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vanthu {

using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

inline std::int64_t to_us(timestamp t) { return t.time_since_epoch().count(); }
inline timestamp from_us(std::int64_t us) { return timestamp(std::chrono::microseconds(us)); }

// Objects get a clock, never the time of day itself, so that tests can move it.
class wall_clock {
public:
    virtual ~wall_clock() = default;
    virtual timestamp now() const = 0;
};

class system_clock final : public wall_clock {
public:
    timestamp now() const override {
        return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    }
};

class manual_clock final : public wall_clock {
public:
    explicit manual_clock(timestamp start) : now_(start) {}
    timestamp now() const override { return now_; }
    void set(timestamp t) { now_ = t; }
    void advance(std::chrono::microseconds by) { now_ += by; }

private:
    timestamp now_;
};

inline constexpr std::chrono::hours vietnam_offset{7}; // UTC+7, no daylight saving

std::string to_rfc3339(timestamp t);                            // 2025-07-15T09:20:05.123456Z
std::string to_rfc3339_vietnam(timestamp t);                    // 2025-07-15T16:20:05+07:00
std::optional<timestamp> from_rfc3339(std::string_view text);   // any offset, up to 6 fraction digits
std::string to_edxml_time(timestamp t);                         // 2025/07/15 16:20:05 (UTC+7)
std::string to_edxml_date(timestamp t);                         // 2025/07/15 (UTC+7)
std::optional<timestamp> from_edxml_time(std::string_view text); // yyyy/MM/dd HH:mm:ss as UTC+7
std::optional<std::chrono::year_month_day> from_edxml_date(std::string_view text); // yyyy/MM/dd

} // namespace vanthu
