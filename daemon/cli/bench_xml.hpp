// Enveloped XML signatures beside xmlsec1: many small documents, and one packet too large for a tree in memory.
#pragma once

#include "daemon/cli/bench_figures.hpp"
#include "daemon/cli/bench_pki.hpp"

#include <filesystem>

namespace vanthu::cli {

// Documents of 10 KB. Ours reads each file from the disk's cache as xmlsec1 does; both check the signature and its
// path to the root. One figure does no more than that, the other also judges revocation lists. Without xmlsec1 in PATH
// there is no yardstick.
result<> add_xml_figures(bench_key kind, const bench_rounds& how, const std::filesystem::path& directory,
                         std::vector<figure>& out);

struct large_packet {
    std::size_t size = 0;
    double seconds = 0, cpu_seconds = 0, peak_mb = 0;  // of one verification in a process of its own
    double before_mb = 0;                              // what that process held before it began
    double xmlsec_cpu_seconds = 0, xmlsec_peak_mb = 0; // 0: xmlsec1 is not there or would not
};
result<large_packet> measure_large_packet(std::size_t size, const std::filesystem::path& directory);
boost::json::object to_json(const large_packet& p);
void print(const large_packet& p);

} // namespace vanthu::cli
