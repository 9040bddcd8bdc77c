// What a comparison mends, inside one change: only what cannot do harm however often it is done.
//
//   send_again  delivered ─▶ waiting, the same envelope (same bytes, same hash): the identity makes it one consignment,
//               and the earlier receipt stays as the proof of the loss
//   try_now     waiting, deferred, parked ─▶ waiting, due now: the manifest is answered "known" with the receipt
//
// What had come to a standstill has its whole time again (delivery::send_now()).
//
// Both are on record as an event "reconciled" and counted for the packet. Missing notices are taken over by
// delivery::receive_notices().
#pragma once

#include "daemon/reconciliation/survey.hpp"
#include "daemon/records/records.hpp"

namespace vanthu::reconciliation {

struct repairing {
    link_end end;
    std::string organisation; // our code, for notices
    unsigned at_most = 3;     // repairs of one packet
};

// Marks what it has done in `findings`; what has changed meanwhile is left out of them (it is under way by itself).
// Answers the transfers that wait now. For take_notice it only counts.
result<std::vector<records::transfer_row>> repair(records::writer&, const repairing&, std::vector<finding>& findings);

} // namespace vanthu::reconciliation
