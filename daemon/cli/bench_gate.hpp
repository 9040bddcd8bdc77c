// API, gate and ledger in this process, stage by stage: what a document costs the processor once its bytes are here.
#pragma once

#include "daemon/cli/bench_packets.hpp"
#include "daemon/cli/bench_parts.hpp"

namespace vanthu::cli {

// Microseconds of processor time a document, each stage alone on one thread, but for `api`: the whole way from the
// request to its answer, through parser, store and receipt log, with `submitters` at a time, all threads counted.
struct stage_costs {
    double parse = 0;     // XML and base64, without hashes
    double hash = 0;      // packet and attachment
    double origin = 0;    // origin signature
    double payload = 0;   // record sealed and written
    double api = 0;       // all of these, credential, rows, receipt, both syncs, answer, hand-overs between threads
    double verify_us = 0; // wall time of one signature pre-flight by a worker; 0 without pre-flight
    double log_bytes = 0; // what the row database logs for one document accepted alone
    double api_per_s = 0;

    double rest() const { return std::max(0.0, api - parse - hash - origin - payload); }
};

// `directory` must exist. `attachment`: what the form carries; with `preflight` a signed PDF.
result<stage_costs> measure_stages(const std::filesystem::path& directory, const packet_form& form,
                                   bytes_view attachment, const throw_away_identity& who, bool preflight,
                                   unsigned submitters, std::chrono::milliseconds length);

} // namespace vanthu::cli
