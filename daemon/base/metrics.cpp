#include "daemon/base/metrics.hpp"
#include "daemon/base/utf8.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <mutex>

namespace vanthu::metrics {
namespace {

[[noreturn]] void table_mistake(std::string_view name, std::string_view what) {
    std::fputs(fmt::format("metric {}: {}\n", name, what).c_str(), stderr); // fmt::print could throw
    std::abort();
}

bool is_name(std::string_view text) {
    auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !text.empty() && letter(text[0]) &&
           std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        std::size_t end = std::min(text.find(','), text.size());
        out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string number(double v) {
    if (std::isnan(v)) return "NaN";
    if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", v);
}

// In a HELP line only the backslash and the line end are escaped, in a label value also the quotation mark. A page that
// is not UTF-8 is refused as a whole: bytes that are none become U+FFFD.
std::string escaped(std::string_view text, bool label) {
    std::string out;
    for (char c : well_formed(text)) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else if (c == '"' && label)
            out += "\\\"";
        else
            out += c;
    }
    return out;
}

struct series {
    double value = 0;                   // of a histogram: the sum
    std::vector<std::uint64_t> buckets; // not cumulative; the last one is +Inf
};

struct family {
    const row* about;
    std::vector<std::string> names;
    std::map<std::vector<std::string>, series> all;
};

constexpr double latency[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
constexpr row folded{"vanthu_metrics_series_folded_total", kind::counter,
                     "Samples counted under the label value \"other\" because their family had too many series.",
                     "family"};

void check(const row& r, const std::vector<std::string>& names) {
    if (!is_name(r.name) || r.help.empty()) table_mistake(r.name, "needs a name and a help");
    if ((r.what == kind::counter) != r.name.ends_with("_total"))
        table_mistake(r.name, "counters, and only they, end in _total");
    for (const std::string& n : names)
        if (!is_name(n) || n == "le" || n.starts_with("__")) table_mistake(r.name, "has a label that is no name");
    if ((r.what == kind::histogram) == r.buckets.empty())
        table_mistake(r.name, "histograms, and only they, have buckets");
    if (!std::ranges::is_sorted(r.buckets, std::ranges::less_equal()) ||
        !std::ranges::all_of(r.buckets, [](double b) { return std::isfinite(b); }))
        table_mistake(r.name, "has buckets out of order");
}

std::string labels(const std::vector<std::string>& names, const std::vector<std::string>& values,
                   std::string_view le = {}) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i)
        out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", names[i], escaped(values[i], true));
    if (!le.empty()) out += fmt::format("{}le=\"{}\"", out.empty() ? "" : ",", le);
    return out.empty() ? "" : "{" + out + "}";
}
} // namespace

std::span<const double> latency_buckets() { return latency; }

struct registry::state {
    std::mutex mutex;
    std::size_t most_series = 0;
    std::map<std::string, family, std::less<>> families;
    std::vector<std::function<void(registry&)>> collectors;

    void enter(const row& r) {
        family f{&r, split(r.labels), {}};
        check(r, f.names);
        if (f.names.empty() && r.what != kind::gauge) f.all[{}] = empty(r); // a counter that stands at 0 is an answer
        if (!families.emplace(r.name, std::move(f)).second) table_mistake(r.name, "stands in the table twice");
    }

    static series empty(const row& r) {
        return {0, std::vector<std::uint64_t>(r.what == kind::histogram ? r.buckets.size() + 1 : 0)};
    }

    family& find(std::string_view name, kind wanted, std::size_t labels) {
        auto found = families.find(name);
        if (found == families.end()) table_mistake(name, "has no row");
        if (found->second.about->what != wanted) table_mistake(name, "is of another kind");
        if (found->second.names.size() != labels) table_mistake(name, "has another number of labels");
        return found->second;
    }

    series& in(family& f, std::vector<std::string> values) {
        auto found = f.all.find(values);
        if (found != f.all.end()) return found->second;
        if (f.all.size() >= most_series) {
            if (f.about != &folded) in(families.find(folded.name)->second, {std::string(f.about->name)}).value += 1;
            values.assign(values.size(), "other");
        }
        return f.all.try_emplace(std::move(values), empty(*f.about)).first->second;
    }
};

registry::registry(std::span<const row> table, std::size_t most_series) : state_(std::make_unique<state>()) {
    state_->most_series = most_series;
    state_->enter(folded);
    for (const row& r : table) state_->enter(r);
}

registry::~registry() = default;

void registry::add(std::string_view counter, label_values labels, double by) {
    std::lock_guard lock(state_->mutex);
    family& f = state_->find(counter, kind::counter, labels.size());
    if (!(by >= 0)) table_mistake(counter, "never goes down");
    state_->in(f, {labels.begin(), labels.end()}).value += by;
}

void registry::set(std::string_view gauge, label_values labels, double value) {
    std::lock_guard lock(state_->mutex);
    family& f = state_->find(gauge, kind::gauge, labels.size());
    state_->in(f, {labels.begin(), labels.end()}).value = value;
}

void registry::observe(std::string_view histogram, label_values labels, double value) {
    std::lock_guard lock(state_->mutex);
    family& f = state_->find(histogram, kind::histogram, labels.size());
    series& s = state_->in(f, {labels.begin(), labels.end()});
    auto bound = std::ranges::lower_bound(f.about->buckets, value);
    s.buckets[static_cast<std::size_t>(bound - f.about->buckets.begin())] += 1;
    s.value += value;
}

void registry::replace(std::string_view gauge, const std::vector<sample>& samples) {
    std::lock_guard lock(state_->mutex);
    auto found = state_->families.find(gauge);
    if (found == state_->families.end()) table_mistake(gauge, "has no row");
    found->second.all.clear();
    for (const sample& s : samples) {
        family& f = state_->find(gauge, kind::gauge, s.labels.size());
        std::size_t before = f.all.size();
        double& value = state_->in(f, s.labels).value;
        value = f.all.size() > before ? s.value : std::max(value, s.value); // folded: the largest
    }
}

void registry::before_expose(std::function<void(registry&)> collect) {
    std::lock_guard lock(state_->mutex);
    state_->collectors.push_back(std::move(collect));
}

std::string registry::expose() {
    std::vector<std::function<void(registry&)>> collectors;
    {
        std::lock_guard lock(state_->mutex);
        collectors = state_->collectors;
    }
    for (const auto& collect : collectors) collect(*this);

    std::lock_guard lock(state_->mutex);
    std::string out;
    for (const auto& [name, f] : state_->families) {
        if (f.all.empty()) continue;
        std::string_view type = f.about->what == kind::counter ? "counter"
                                : f.about->what == kind::gauge ? "gauge"
                                                               : "histogram";
        out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(f.about->help, false), name, type);
        for (const auto& [values, s] : f.all) {
            if (f.about->what != kind::histogram) {
                out += fmt::format("{}{} {}\n", name, labels(f.names, values), number(s.value));
                continue;
            }
            std::uint64_t below = 0;
            for (std::size_t i = 0; i < s.buckets.size(); ++i) {
                below += s.buckets[i];
                std::string le = i < f.about->buckets.size() ? number(f.about->buckets[i]) : "+Inf";
                out += fmt::format("{}_bucket{} {}\n", name, labels(f.names, values, le), below);
            }
            out += fmt::format("{}_sum{} {}\n", name, labels(f.names, values), number(s.value));
            out += fmt::format("{}_count{} {}\n", name, labels(f.names, values), below);
        }
    }
    return out;
}

} // namespace vanthu::metrics
