// One document to many recipients beside one to a single recipient, for `vanthu bench deliver --recipients`.
#pragma once

#include "daemon/cli/bench_daemon.hpp"
#include "daemon/cli/bench_packets.hpp"

#include <atomic>

namespace vanthu::cli {

struct many_result {
    double one_ms = 0, all_ms = 0;         // medians, from the first byte sent to the answer read
    double one_cpu_ms = 0, all_cpu_ms = 0; // medians of vanthud's processor time
    double times = 0;                      // the median of the turns' ratios
};

// One connection. Turns alternate, a document of `all` after some of `one`, so that a machine that is busy for a while
// touches both; what only the first documents of a process pay is not counted.
result<many_result> compare_many(const bench_daemon& to, packet_form one, packet_form all,
                                 std::atomic<std::uint64_t>& number);

} // namespace vanthu::cli
