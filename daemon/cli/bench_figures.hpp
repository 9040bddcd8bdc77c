// Rates beside their yardsticks: what all `vanthu bench` tables of ratios share.
//
// Rounds alternate: every figure and its yardstick are measured once before any is measured again, and a ratio is the
// median of the rounds' ratios, so that a machine that is busy for a while touches both sides. Rates are by the wall
// clock; `cpu` is processor time per operation, which other programs on the machine disturb less.
#pragma once

#include "daemon/base/failure.hpp"
#include "daemon/cli/voice.hpp"

#include <boost/json/fwd.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}

namespace vanthu::cli {

struct rate {
    double per_s = 0, cpu_us = 0; // cpu_us: of one operation, over all threads
};

// One operation; `number` counts from 0 through all threads. A failure ends the benchmark: nothing is measured that
// does not work.
using operation = std::function<result<>(unsigned thread, std::uint64_t number)>;
result<rate> measure(unsigned threads, std::chrono::milliseconds length, const operation& one);

struct figure {
    std::string what, key, yardstick; // key: "P-256"; "" where there is none
    unsigned threads = 1;
    std::function<result<rate>()> ours{}, theirs{}; // theirs may be empty: no yardstick
    std::optional<double> goal_ratio{}, goal_per_s{};

    std::vector<rate> ours_seen{}, theirs_seen{};
    double per_s() const, cpu_us() const, yardstick_per_s() const, yardstick_cpu_us() const;
    double ratio() const, cpu_ratio() const;
};

struct bench_rounds {
    unsigned rounds = 3;
    double seconds = 1;
    voice says;
    std::string only; // figures whose name has this text
    std::chrono::milliseconds length() const {
        return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
    }
};

void add_round_options(CLI::App& command, bench_rounds& how);
// --NAME of a size in bytes (also 100K, 2MiB) from `least` to a GiB; anything else is wrong usage.
CLI::Option* add_size_option(CLI::App& command, const char* name, std::size_t& size, const char* help,
                             std::size_t least = 1);
// The exit code; a failure is told.
int tell_failure(const result<>& done, const voice& says);

double median(std::vector<double> values); // 0 of none

result<> run_rounds(std::vector<figure>& all, const bench_rounds& how);
boost::json::array to_json(const std::vector<figure>& all);
void print_table(const std::vector<figure>& all, const voice& says);

} // namespace vanthu::cli
