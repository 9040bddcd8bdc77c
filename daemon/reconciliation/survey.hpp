// Reading the store for a comparison, one bounded page at a time; each call on one state of the store. No I/O but that.
#pragma once

#include "daemon/reconciliation/rows.hpp"
#include "daemon/records/records.hpp"

namespace vanthu::reconciliation {

struct link_end {
    std::string home; // this node's organisation, canonical
    std::string node; // the other one's id
};
struct window {
    std::int64_t since = 0, until = INT64_MAX; // microseconds UTC, of the transfer's making
};

// Which of the packets on record as sent to the other node.
enum class walk {
    all,
    unconfirmed, // those that no comparison has confirmed yet: what this costs does not grow with the others
    confirmed    // the others
};

struct sent_page {
    std::vector<our_packet> packets; // at most peer::reconcile_page, with at most peer::reconcile_recipients
    std::vector<digest> too_old;     // ended before the window began
    std::size_t walked = 0;          // rows
    std::optional<digest> next;      // go on after it; absent: that was the end
};
// What this node has handed or tried to hand to the other one. What still waits is in every window.
result<sent_page> sent_after(const ledger::view&, const link_end&, const std::optional<digest>& after, const window&,
                             walk = walk::all);
// Those of them that are on record with a receipt.
result<std::vector<our_packet>> with_receipt(const ledger::view&, const link_end&, const std::vector<digest>&);

// What this node says of what the other one has sent it, and of nothing else (contracts 5).
result<peer::reconcile_answer> answer(const ledger::view&, const link_end&, const peer::reconcile_question&);

// Those on record here as sent to the other node.
result<std::set<digest>> on_record_here(const ledger::view&, const link_end&, const std::vector<peer::listed_packet>&);

} // namespace vanthu::reconciliation
