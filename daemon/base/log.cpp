#include "daemon/base/log.hpp"
#include "daemon/base/clock.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/base/utf8.hpp"

#include <atomic>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <mutex>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/systemd_sink.h>
#include <unistd.h>

namespace vanthu::log {
namespace {

constexpr std::size_t longest_value = 4096;

std::string_view name_of(level l) {
    switch (l) {
    case level::debug:
        return "debug";
    case level::info:
        return "info";
    case level::warning:
        return "warning";
    case level::error:
        break;
    }
    return "error";
}

spdlog::level::level_enum to_spdlog(level l) {
    switch (l) {
    case level::debug:
        return spdlog::level::debug;
    case level::info:
        return spdlog::level::info;
    case level::warning:
        return spdlog::level::warn;
    case level::error:
        break;
    }
    return spdlog::level::err;
}

// Controls, line and paragraph separators, zero-width and direction marks, tags: what could forge or hide text.
bool invisible(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

void escape(std::string& out, char32_t c, format form) {
    if (c == '\n')
        out += "\\n";
    else if (c == '\r')
        out += "\\r";
    else if (c == '\t')
        out += "\\t";
    else if (form == format::text)
        out += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(c));
    else if (c < 0x10000)
        out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
    else
        out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
}

// The text as it stands between quotation marks; `plain` becomes false when a text line needs the marks.
std::string safe(std::string_view text, format form, bool& plain) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size() && at < longest_value) {
        code_point c = read_code_point(text, at);
        if (c.length == 0) { // not UTF-8: the byte, visibly
            out += fmt::format("{}x{:02x}", form == format::json ? "\\\\" : "\\", static_cast<unsigned char>(text[at]));
            plain = false;
            at += 1;
            continue;
        }
        if (c.value == '"' || c.value == '\\') out += '\\', plain = false;
        if (c.value == ' ' || c.value == '=') plain = false;
        if (invisible(c.value))
            escape(out, c.value, form), plain = false;
        else
            out += text.substr(at, c.length);
        at += c.length;
    }
    if (at < text.size()) out += fmt::format("…(+{})", text.size() - at);
    return out;
}

std::string shown(std::string_view text, format form) {
    bool plain = form == format::text && !text.empty();
    std::string inside = safe(text, form, plain);
    return plain ? inside : "\"" + inside + "\"";
}

std::string shown(const field& f, format form) {
    return std::visit(
        [&](const auto& v) -> std::string {
            using type = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<type, std::string>)
                return shown(std::string_view(v), form);
            else if constexpr (std::is_same_v<type, double>)
                return std::isfinite(v) ? fmt::format("{}", v) : shown(fmt::format("{}", v), form); // JSON knows no nan
            else
                return fmt::format("{}", v);
        },
        f.value);
}

std::string make_line(level l, std::string_view stage, std::span<const field> all, format form, bool with_time) {
    std::string time = with_time ? to_rfc3339(system_clock().now()) : "";
    std::string out;
    if (form == format::json) {
        out = with_time ? fmt::format("{{\"time\":\"{}\",", time) : "{";
        out += fmt::format("\"level\":\"{}\",\"stage\":{}", name_of(l), shown(stage, form));
        for (const field& f : all) out += fmt::format(",{}:{}", shown(f.name, form), shown(f, form));
        return out + "}";
    }
    out = fmt::format("{}{}{} {}", time, with_time ? " " : "", name_of(l), shown(stage, form));
    for (const field& f : all) out += fmt::format(" {}={}", shown(f.name, form), shown(f, form));
    return out;
}

// One destination with its settings; replaced as a whole by configure().
struct output {
    settings how;
    std::shared_ptr<spdlog::logger> logger; // none when an observer listens
    bool journal = false;

    explicit output(settings s) : how(std::move(s)) {
        if (how.observer) return;
        journal = how.to == destination::journal && ::access("/run/systemd/journal/socket", W_OK) == 0;
        spdlog::sink_ptr sink;
        if (journal)
            sink = std::make_shared<spdlog::sinks::systemd_sink_mt>("vanthud");
        else
            sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        sink->set_pattern("%v");
        logger = std::make_shared<spdlog::logger>("vanthu", sink);
        logger->set_level(spdlog::level::trace); // levels are decided here
        logger->flush_on(spdlog::level::trace);
    }

    void put(level l, std::string_view stage, std::span<const field> all) const {
        std::string line = make_line(l, stage, all, how.form, !journal);
        if (how.observer)
            how.observer(l, line);
        else
            logger->log(to_spdlog(l), spdlog::string_view_t(line.data(), line.size()));
    }
};

struct state {
    std::atomic<int> lowest{int(level::warning)};
    std::mutex mutex; // guards what follows
    std::shared_ptr<const output> out;
    std::chrono::steady_clock::time_point window_start{};
    std::map<std::pair<level, std::string>, unsigned, std::less<>>
        written; // in this window; stages are literals: bounded
};

state& shared() {
    static state* one = new state; // never destroyed: destructors of static objects may still log
    return *one;
}

struct left_out {
    level l;
    std::string stage;
    unsigned lines;
};

// A new window begins when the old one is over; what the old one left out is returned.
std::vector<left_out> turn_window(state& s) {
    const settings& how = s.out->how;
    auto now = how.now ? how.now() : std::chrono::steady_clock::now();
    std::vector<left_out> out;
    if (now - s.window_start < how.window) return out;
    for (const auto& [key, lines] : s.written)
        if (how.lines_per_window != 0 && lines > how.lines_per_window)
            out.push_back({key.first, key.second, lines - how.lines_per_window});
    s.written.clear();
    s.window_start = now;
    return out;
}
} // namespace

field::field(std::string_view n, std::error_code v) : name(n), value(public_code(v)) {}
field::field(std::string_view n, const failure& v)
    : name(n), value(v.detail.empty() ? public_code(v.code) : public_code(v.code) + ": " + v.detail) {}

bool enabled(level l) { return int(l) >= shared().lowest.load(std::memory_order_relaxed); }

void set_level(level l) { shared().lowest.store(int(l), std::memory_order_relaxed); }

void write(level l, std::string_view stage, fields f) {
    if (!enabled(l)) return;
    state& s = shared();
    std::shared_ptr<const output> out;
    std::vector<left_out> summaries;
    bool within = true;
    {
        std::lock_guard lock(s.mutex);
        if (!s.out) {
            settings before_configure;
            before_configure.lowest = level::warning;
            s.out = std::make_shared<const output>(before_configure);
        }
        out = s.out;
        summaries = turn_window(s);
        unsigned lines = ++s.written[{l, std::string(stage)}];
        within = out->how.lines_per_window == 0 || lines <= out->how.lines_per_window;
    }
    for (const left_out& one : summaries) {
        field about[] = {{"of", one.stage}, {"lines", one.lines}};
        out->put(one.l, "lines_left_out", about);
    }
    if (within) out->put(l, stage, {f.begin(), f.size()});
}

void configure(settings how) {
    auto fresh = std::make_shared<const output>(std::move(how));
    state& s = shared();
    {
        std::lock_guard lock(s.mutex);
        s.out = fresh;
        s.written.clear();
        s.window_start = {};
    }
    set_level(fresh->how.lowest);
    if (fresh->how.to == destination::journal && !fresh->journal && !fresh->how.observer)
        warning("journal_not_found", {{"instead", "stderr"}});
}

} // namespace vanthu::log
