// The load of `vanthu bench deliver`: submitters with one kept HTTPS connection each.
#pragma once

#include "daemon/cli/bench_daemon.hpp"
#include "daemon/cli/bench_packets.hpp"

#include <atomic>
#include <optional>

namespace vanthu::cli {

struct load_result {
    std::uint64_t count = 0;
    double seconds = 0, per_s = 0, p99_ms = 0, mean_ms = 0;
    double daemon_cpu_us = 0, client_cpu_us = 0;                     // a document
    double daemon_pss_mb = 0, workers_pss_mb = 0, client_pss_mb = 0; // the most that was seen
};

// Every submitter sends for `length`, or until `at_most` documents (0: no such end) have been sent by all together. Any
// answer but 201 is a failure. Numbers come from `number` and are never used twice.
result<load_result> submit(const bench_daemon& to, const packet_form& form, unsigned submitters,
                           std::chrono::milliseconds length, std::atomic<std::uint64_t>& number,
                           std::uint64_t at_most = 0);

// The header of one request, as submit() sends it.
std::string request_head(const bench_daemon& to, std::size_t body);

} // namespace vanthu::cli
