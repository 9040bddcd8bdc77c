// Why a transfer is not (yet) delivered. docs/errors.md tables the codes ("delivery.node_unknown").
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::delivery {

enum class errc {
    node_unknown = 1,    // the registry no longer knows the next hop
    no_transport,        // no adapter speaks to this kind of node here
    attempts_exhausted,  // the configured number of attempts is used up
    expired,             // past the configured time
    receipt_not_valid,   // the next hop's receipt does not verify: custody has not passed
    packet_unreadable,   // the stored packet cannot be composed for the next hop
    refused_by_next_hop, // the next hop said no without a code of its own
    transfer_unknown,    // no such transfer
    not_waiting,         // the transfer has ended; nothing to try again
    given_up,            // an operator has ended it
    may_have_arrived,    // to be given up only by who says that it is known
    given_up_unanswered, // an operator has ended it, and knew that it may have arrived
};
std::error_code make_error_code(errc);

} // namespace vanthu::delivery

template <> struct std::is_error_code_enum<vanthu::delivery::errc> : std::true_type {};
