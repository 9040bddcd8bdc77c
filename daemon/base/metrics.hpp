// Metrics for Prometheus: a table of rows (name, kind, help, labels), values changed by name, one text page.
//
// Source: Prometheus text exposition format 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
// Any thread. Asking for a name that has no row, for the wrong kind or with the wrong number of labels aborts: the
// table and the program disagree. Series of one family are bounded: beyond the bound all labels read "other", and
// vanthu_metrics_series_folded_total counts it.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vanthu::metrics {

enum class kind { counter, gauge, histogram };

struct row {
    std::string_view name; // vanthu_NOUN_UNIT, counters end in _total
    kind what;
    std::string_view help;
    std::string_view labels = {};         // "destination,lane"; "" = none
    std::span<const double> buckets = {}; // histogram: upper bounds, increasing, without +Inf
};

// Seconds, for things between a millisecond and a minute.
std::span<const double> latency_buckets();

using label_values = std::initializer_list<std::string_view>; // in the order of row::labels

struct sample {
    std::vector<std::string> labels;
    double value;
};

class registry {
public:
    // `table` must live as long as the registry (static data).
    explicit registry(std::span<const row> table, std::size_t most_series = 500);
    ~registry();
    registry(const registry&) = delete;

    void add(std::string_view counter, label_values labels = {}, double by = 1); // by >= 0
    void set(std::string_view gauge, label_values labels, double value);
    void set(std::string_view gauge, double value) { set(gauge, {}, value); }
    void observe(std::string_view histogram, label_values labels, double value);
    // The whole family anew: series that are not among the samples vanish. For gauges read from a view. Of samples that
    // had to be folded, "other" shows the largest.
    void replace(std::string_view gauge, const std::vector<sample>& samples);

    // `collect` runs on the thread that calls expose(), before the page is written; it may use every function but
    // expose().
    void before_expose(std::function<void(registry&)> collect);
    // The page; Content-Type "text/plain; version=0.0.4; charset=utf-8".
    std::string expose();

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace vanthu::metrics
