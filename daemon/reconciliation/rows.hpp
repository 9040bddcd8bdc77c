// The rows of this folder, under the node's own organisation (docs/store-format.md, section "Rows"):
//   O report of the last comparison with a node      V how often a packet has been repaired
//   o its findings                                   M how far the finished ones have come
//   J the comparison under way                       j what it has found so far
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
    bool only_changes = false; // of the packets sent only those that none has confirmed before
    std::string by;            // schedule, operator
    std::uint64_t pages = 0, packets = 0, recipients = 0, listed_there = 0;
    std::vector<counted> counts;          // exact
    std::vector<listed_finding> findings; // the first listed_at_most of each kind
    tried_row last_try;
};
BOOST_DESCRIBE_STRUCT(report_row, (),
                      (node, outcome, code, cause, started_at, ended_at, since, until, repair, only_changes, by, pages,
                       packets, recipients, listed_there, counts, findings, last_try))

// A packet that was confirmed when it was among the last handed over. A store that is put back to an older copy has
// forgotten the last first: while it knows these it has all that were confirmed.
struct witness_row {
    digest packet_sha256;
    std::int64_t handed_at = 0;
};
BOOST_DESCRIBE_STRUCT(witness_row, (), (packet_sha256, handed_at))

// Of one node: what a comparison of only what is new leans on. There once one of all has come to its end.
struct mark_row {
    std::string from;            // position in the other side's order of arrival, where the next list begins
    std::uint64_t on_record = 0; // packets sent to it, about
    std::vector<witness_row> witnesses;
};
BOOST_DESCRIBE_STRUCT(mark_row, (), (from, on_record, witnesses))

BOOST_DEFINE_ENUM_CLASS(stage,
                        witnesses,   // are those that were confirmed last still known there?
                        unconfirmed, // packets sent
                        confirmed,   // the others too, as the other side has lost something
                        all,         // packets sent
                        list)        // what the other side holds

// A comparison under way, from which it goes on after a stop or after what may pass. The findings stand apart.
struct progress_row {
    report_row report;
    bool thorough = false;    // asked for by somebody: the other side is to look at all it ever had
    bool usual_window = true; // neither end was given
    stage at = stage::all;
    std::optional<digest> after;  // in the order of hashes; of the stage
    std::string from;             // in the order of arrival
    std::string again;            // where the next list may begin
    bool unknown_listed = false;  // and not later, so that it is shown again
    bool lost = false;            // there, found in this one
    std::uint32_t list_pages = 0; // asked for
    std::uint64_t walked = 0;     // rows of packets sent
    mark_row mark;                // as it will be at the end
};
BOOST_DESCRIBE_STRUCT(progress_row, (),
                      (report, thorough, usual_window, at, after, from, again, unknown_listed, lost, list_pages, walked,
                       mark))

inline constexpr std::size_t listed_at_most = 100;
inline constexpr std::size_t witnesses_at_most = 8;

void add_witness(mark_row&, const witness_row&); // the last ones handed over stay

void count(report_row&, const finding&, const std::string& other_name);

result<repair_row> repairs_of(const ledger::view&, const std::string& home, const std::string& node, const digest&);
void put_repairs(ledger::transaction&, const std::string& home, const std::string& node, const digest&,
                 const repair_row&);
// Without `findings` rows stay small: they are read for every look at the figures.
result<std::vector<report_row>> reports(const ledger::view&, const std::string& home, bool findings);
// One that did not come to its end leaves what an earlier one has found, and stands beside it as the last try.
result<> put_report(ledger::transaction&, const std::string& home, report_row);

result<std::optional<mark_row>> mark_of(const ledger::view&, const std::string& home, const std::string& node);
void put_mark(ledger::transaction&, const std::string& home, const std::string& node, const mark_row&);
void remove_mark(ledger::transaction&, const std::string& home, const std::string& node);
result<std::optional<progress_row>> progress_of(const ledger::view&, const std::string& home, const std::string& node);
result<std::vector<std::string>> interrupted(const ledger::view&, const std::string& home); // nodes
// `findings`: have they changed since it was put last?
void put_progress(ledger::transaction&, const std::string& home, const progress_row&, bool findings);
void remove_progress(ledger::transaction&, const std::string& home, const std::string& node);

} // namespace vanthu::reconciliation
