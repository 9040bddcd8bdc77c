// The log: one line a stage, with the document's id where there is one.
//
//     log::warning("delivery_deferred", {{"document", id}, {"peer", peer}, {"failure", why}});
//
// Levels say who must act: error = somebody now, warning = somebody today, info = nobody (rare and bounded), debug = a
// developer. A stage is a literal in snake_case. Values are data: control characters, line ends, direction marks and
// broken UTF-8 are escaped, so that no value can forge a line; long ones are cut. A vanthu::secret does not compile.
// Lines of one level and stage are bounded per window; what was left out is counted in a line of its own.
//
// Any thread. Before configure(): warning and above, as text, to standard error.
#pragma once

#include "daemon/base/failure.hpp"
#include "daemon/base/secret.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace vanthu::log {

enum class level { debug, info, warning, error };
enum class format { text, json };
enum class destination { standard_error, journal };

struct field {
    field(std::string_view n, std::string_view v) : name(n), value(std::string(v)) {}
    field(std::string_view n, const std::string& v) : name(n), value(v) {}
    field(std::string_view n, const char* v) : name(n), value(std::string(v)) {}
    field(std::string_view n, bool v) : name(n), value(v) {}
    field(std::string_view n, std::signed_integral auto v) : name(n), value(std::int64_t(v)) {}
    field(std::string_view n, std::unsigned_integral auto v) : name(n), value(std::uint64_t(v)) {}
    field(std::string_view n, double v) : name(n), value(v) {}
    field(std::string_view n, std::error_code v); // the public code
    field(std::string_view n, const failure& v);  // public code, then the detail
    field(std::string_view n, const secret&) = delete;

    std::string_view name;
    std::variant<std::string, std::int64_t, std::uint64_t, bool, double> value;
};
using fields = std::initializer_list<field>;

void write(level l, std::string_view stage, fields f);
inline void error(std::string_view stage, fields f = {}) { write(level::error, stage, f); }
inline void warning(std::string_view stage, fields f = {}) { write(level::warning, stage, f); }
inline void info(std::string_view stage, fields f = {}) { write(level::info, stage, f); }
inline void debug(std::string_view stage, fields f = {}) { write(level::debug, stage, f); }

struct settings {
    level lowest = level::info;
    format form = format::text;
    destination to = destination::standard_error;
    unsigned lines_per_window = 500; // of one level and stage; 0 = no bound
    std::chrono::milliseconds window{10000};
    std::function<void(level, std::string_view line)> observer; // gets the lines instead of the destination (tests)
    std::function<std::chrono::steady_clock::time_point()> now; // clock of the windows; empty: the steady clock
};

// At the start and on reload; lines written meanwhile go to the old or the new destination, none is lost. A journal
// that is not there: standard error, and a warning says so.
void configure(settings s);
void set_level(level l);
bool enabled(level l);

} // namespace vanthu::log
