// The rows of this folder, under the node's own organisation (docs/store-format.md, section "Rows"):
//   O report of the last comparison with a node      V how often a packet has been repaired
//   o its findings
#pragma once

#include "daemon/ledger/store.hpp"
#include "daemon/reconciliation/compare.hpp"

namespace vanthu::reconciliation {

// How often the comparison has acted on a packet: so that a node which says the same for ever does not make us act for
// ever.
struct repair_row {
    std::uint32_t repairs = 0;
    std::int64_t last_at = 0;
};
BOOST_DESCRIBE_STRUCT(repair_row, (), (repairs, last_at))

struct counted {
    std::string kind;
    std::uint64_t found = 0, repaired = 0;
};
BOOST_DESCRIBE_STRUCT(counted, (), (kind, found, repaired))

struct listed_finding {
    std::string kind, packet_sha256, owner, document, label, recipient, here, there;
    std::int64_t at = 0;
    bool repaired = false;
    std::string remedy, withheld, text_vi, text_en;
};
BOOST_DESCRIBE_STRUCT(listed_finding, (),
                      (kind, packet_sha256, owner, document, label, recipient, here, there, at, repaired, remedy,
                       withheld, text_vi, text_en))

// The last time it was begun, whatever came of it.
struct tried_row {
    std::int64_t started_at = 0, ended_at = 0;
    std::string outcome, code, cause, by;
};
BOOST_DESCRIBE_STRUCT(tried_row, (), (started_at, ended_at, outcome, code, cause, by))

// The last comparison with one node that came to its end; where none ever has, the last that was begun. `outcome`:
// done, cannot_compare, failed; code and cause say why not.
struct report_row {
    std::string node, outcome, code, cause;
    std::int64_t started_at = 0, ended_at = 0, since = 0, until = 0;
    bool repair = true;
    std::string by; // schedule, operator
    std::uint64_t pages = 0, packets = 0, recipients = 0, listed_there = 0;
    std::vector<counted> counts;          // exact
    std::vector<listed_finding> findings; // the first listed_at_most of each kind
    tried_row last_try;
};
BOOST_DESCRIBE_STRUCT(report_row, (),
                      (node, outcome, code, cause, started_at, ended_at, since, until, repair, by, pages, packets,
                       recipients, listed_there, counts, findings, last_try))

inline constexpr std::size_t listed_at_most = 100;

void count(report_row&, const finding&, const std::string& other_name);

result<repair_row> repairs_of(const ledger::view&, const std::string& home, const std::string& node, const digest&);
void put_repairs(ledger::transaction&, const std::string& home, const std::string& node, const digest&,
                 const repair_row&);
// Without `findings` rows stay small: they are read for every look at the figures.
result<std::vector<report_row>> reports(const ledger::view&, const std::string& home, bool findings);
// One that did not come to its end leaves what an earlier one has found, and stands beside it as the last try.
result<> put_report(ledger::transaction&, const std::string& home, report_row);

} // namespace vanthu::reconciliation
