// What goes wrong, when: a fault script, and the one function that decides.
//
// decide() depends on nothing but seed, script, the message's key, the step and the number of the attempt: a run is
// repeated by repeating its seed and script, whatever the machine's timing does to the order of messages. Pure; any
// thread.
//
// The file is JSON (main.cpp has the reference, scripts/ examples):
//
//   {"schema_version": 1,
//    "answering": [{"fault": "cut_after_taking", "at": "packet", "share": 0.1, "attempts": 2, "value": 0,
//                   "kind": "document"}, ...],
//    "calling": {"documents": 100, "pause_ms": 50, "statuses": "storm", "faults": [{"fault": "duplicate", ...}, ...]}}
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/failure.hpp"

#include <filesystem>

namespace vanthu::sim {

struct rule {
    std::string fault;
    std::string at;          // step, main.cpp lists them: hello, manifest, packet, ...; calling: document, status
    double share = 0;        // of the messages that reach this step
    unsigned attempts = 2;   // later attempts of the same message are left alone, so that it ends
    std::uint64_t value = 0; // milliseconds, seconds or bytes, as the fault needs it
    std::string kind;        // only of this kind of packet: document, status; empty: both
};

struct script {
    std::vector<rule> answering, calling;
    std::uint64_t documents = 0, pause_ms = 50; // how many the partner itself sends, and how fast
    std::string statuses = "none";              // for what it receives: none, once (01), storm
    static result<script> load(const std::filesystem::path&);
};

// The rule that strikes, or nullptr. The shares of the rules for a step add up; what is left of 1 goes well.
const rule* decide(const std::vector<rule>& rules, std::uint64_t seed, std::string_view key, std::string_view step,
                   std::string_view kind, unsigned attempt);
// Further numbers for the same message: sizes, orders. Uniform over 64 bits.
std::uint64_t number_for(std::uint64_t seed, std::string_view key, std::string_view what, std::uint64_t n = 0);

} // namespace vanthu::sim
