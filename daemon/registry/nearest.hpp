// Which of several dated rows speaks for a moment. Inside this folder only.
#pragma once

#include "daemon/registry/rows.hpp"

namespace vanthu::registry {

// The first row valid at `at`; else the one that ended last before it; else the first to come. Null for an empty list.
template <class Range, class PeriodOf>
auto nearest(const Range& rows, timestamp at, PeriodOf period_of) -> decltype(&*std::begin(rows)) {
    decltype(&*std::begin(rows)) ended = nullptr, coming = nullptr;
    for (const auto& row : rows) {
        const period& p = period_of(row);
        if (p.contains(at)) return &row;
        if (p.to <= at) {
            if (!ended || period_of(*ended).to < p.to) ended = &row;
        } else if (!coming || p.from < period_of(*coming).from) {
            coming = &row;
        }
    }
    return ended ? ended : coming;
}

inline const std::string* valid_value(const std::vector<dated_value>& values, timestamp at) {
    for (const dated_value& v : values)
        if (v.valid.contains(at)) return &v.value;
    return nullptr;
}

} // namespace vanthu::registry
