#include "daemon/cli/bench_figures.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <ctime>
#include <fmt/format.h>
#include <iostream>
#include <mutex>
#include <thread>

namespace vanthu::cli {
namespace {

double cpu_of_thread() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

template <class Value> double median_of(const std::vector<rate>& seen, Value value) {
    std::vector<double> all;
    for (const rate& r : seen) all.push_back(value(r));
    return median(std::move(all));
}

std::string number(double value, int digits) { return value > 0 ? fmt::format("{:.{}f}", value, digits) : "-"; }

} // namespace

void add_round_options(CLI::App& command, bench_rounds& how) {
    command.add_option("--rounds", how.rounds, "Số vòng / rounds")->check(CLI::Range(1u, 100u));
    command.add_option("--seconds", how.seconds, "Giây mỗi phép đo trong một vòng / seconds a measurement and round")
        ->check(CLI::Range(0.001, 600.0));
    command.add_option("--only", how.only, "Chỉ đo các dòng có chữ này / only the lines with this text");
    add_voice_options(command, how.says);
}

CLI::Option* add_size_option(CLI::App& command, const char* name, std::size_t& size, const char* help,
                             std::size_t least) {
    // Read as a number without a sign, -1 would be a very large one.
    const CLI::Validator no_sign(
        [](std::string& text) { return text.starts_with('-') ? "Value " + text + " is negative" : std::string(); }, "");
    return command.add_option(name, size, help)
        ->transform(CLI::AsSizeValue(true))
        ->transform(no_sign) // before it: CLI11 puts each transformation first
        ->check(CLI::Range(least, std::size_t{1} << 30));
}

int tell_failure(const result<>& all, const voice& says) { return all ? done : tell(all.error(), says); }

double median(std::vector<double> v) {
    std::sort(v.begin(), v.end());
    return v.empty() ? 0 : v[v.size() / 2];
}

result<rate> measure(unsigned threads, std::chrono::milliseconds length, const operation& one) {
    using clock = std::chrono::steady_clock;
    std::atomic<std::uint64_t> next{0}, done{0};
    std::atomic<bool> stop{false};
    std::mutex guard;
    std::optional<failure> wrong;
    double cpu = 0;
    const auto begin = clock::now();
    auto work = [&](unsigned t) {
        const double before = cpu_of_thread();
        std::uint64_t mine = 0;
        do { // at least one, however short the round
            if (auto result = one(t, next++); !result) {
                std::lock_guard lock(guard);
                if (!wrong) wrong = result.error();
                stop = true;
            } else
                ++mine;
        } while (!stop && clock::now() - begin < length);
        done += mine;
        const double used = cpu_of_thread() - before;
        std::lock_guard lock(guard);
        cpu += used;
    };
    if (threads == 1) {
        work(0);
    } else {
        std::vector<std::jthread> crew;
        for (unsigned t = 0; t < threads; ++t) crew.emplace_back(work, t);
    }
    const double seconds = std::chrono::duration<double>(clock::now() - begin).count();
    if (wrong) return std::unexpected(*wrong);
    const auto count = static_cast<double>(done.load());
    return rate{count / seconds, cpu / count * 1e6};
}

double figure::per_s() const {
    return median_of(ours_seen, [](const rate& r) { return r.per_s; });
}
double figure::cpu_us() const {
    return median_of(ours_seen, [](const rate& r) { return r.cpu_us; });
}
double figure::yardstick_per_s() const {
    return median_of(theirs_seen, [](const rate& r) { return r.per_s; });
}
double figure::yardstick_cpu_us() const {
    return median_of(theirs_seen, [](const rate& r) { return r.cpu_us; });
}
double figure::ratio() const {
    std::vector<double> all;
    for (std::size_t i = 0; i < theirs_seen.size(); ++i) all.push_back(ours_seen[i].per_s / theirs_seen[i].per_s);
    return median(std::move(all));
}
double figure::cpu_ratio() const {
    std::vector<double> all;
    for (std::size_t i = 0; i < theirs_seen.size(); ++i)
        if (ours_seen[i].cpu_us > 0) all.push_back(theirs_seen[i].cpu_us / ours_seen[i].cpu_us);
    return median(std::move(all));
}

result<> run_rounds(std::vector<figure>& all, const bench_rounds& how) {
    std::erase_if(all, [&](const figure& f) { return f.what.find(how.only) == std::string::npos; });
    for (unsigned round = 0; round < how.rounds; ++round)
        for (figure& f : all) {
            VANTHU_TRY(rate ours, f.ours());
            f.ours_seen.push_back(ours);
            if (!f.theirs) continue;
            VANTHU_TRY(rate theirs, f.theirs());
            f.theirs_seen.push_back(theirs);
        }
    return {};
}

boost::json::array to_json(const std::vector<figure>& all) {
    boost::json::array rows;
    for (const figure& f : all) {
        boost::json::object row{
            {"what", f.what}, {"key", f.key}, {"threads", f.threads}, {"per_s", f.per_s()}, {"cpu_us", f.cpu_us()}};
        if (f.theirs) {
            row["yardstick"] = f.yardstick;
            row["yardstick_per_s"] = f.yardstick_per_s();
            row["yardstick_cpu_us"] = f.yardstick_cpu_us();
            row["ratio"] = f.ratio();
            row["cpu_ratio"] = f.cpu_ratio();
        }
        if (f.goal_ratio) row["goal_ratio"] = *f.goal_ratio;
        if (f.goal_per_s) row["goal_per_s"] = *f.goal_per_s;
        rows.push_back(std::move(row));
    }
    return rows;
}

void print_table(const std::vector<figure>& all, const voice& says) {
    std::cout << fmt::format(
        "{:<34} {:>8} {:>5} {:>9} {:>8}  {:<26} {:>9} {:>8} {:>6} {:>6}  {}\n", says("việc đo", "what"),
        says("khóa", "key"), says("luồng", "thr"), says("mỗi giây", "per s"), "cpu us", says("thước đo", "yardstick"),
        says("mỗi giây", "per s"), "cpu us", says("tỉ lệ", "ratio"), "cpu", says("mục tiêu", "goal"));
    for (const figure& f : all) {
        std::string goal = f.goal_ratio   ? fmt::format("{:.2f}", *f.goal_ratio)
                           : f.goal_per_s ? fmt::format("{:.0f}/s", *f.goal_per_s)
                                          : "";
        std::cout << fmt::format("{:<34} {:>8} {:>5} {:>9.0f} {:>8} ", f.what, f.key, f.threads, f.per_s(),
                                 number(f.cpu_us(), 1));
        std::cout << fmt::format(" {:<26} {:>9} {:>8} {:>6} {:>6}  {}\n", f.yardstick, number(f.yardstick_per_s(), 0),
                                 number(f.yardstick_cpu_us(), 1), number(f.ratio(), 2), number(f.cpu_ratio(), 2), goal);
    }
}

} // namespace vanthu::cli
