// The metrics of vanthud, one row each; main.cpp hands one metrics::registry over them to every object that counts.
// The first three answer what an operator asks first: how many wait, how old is the oldest, where to.
#pragma once

#include "daemon/base/metrics.hpp"

namespace vanthu {

std::span<const metrics::row> daemon_metric_table();

} // namespace vanthu
