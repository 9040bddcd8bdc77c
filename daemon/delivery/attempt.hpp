// One attempt of a transfer, as two changes: it begins, and it has ended. Between them bytes may be on their way.
//
//   waiting, deferred ─begin_attempt()─▶ attempt_open ─▶ transport ─conclude_attempt()─▶ delivered, refused, deferred …
//
// Guaranteed: whoever decides in a change sees whether an attempt is open, also after a crash, so that a document is
// never called stopped (records/recalls.hpp) while its bytes may still reach the next hop. An attempt that ended
// without an answer, or with the process, leaves the transfer "perhaps taken" for good. The deciding of
// daemon/delivery/engine.cpp; no I/O but the change's rows.
#pragma once

#include "daemon/delivery/transport.hpp"
#include "daemon/records/recalls.hpp"
#include "daemon/registry/registry.hpp"

namespace vanthu::delivery {

struct begun {
    std::optional<records::transfer_row> transfer; // with its pieces; absent: nothing is to be sent any more
    std::vector<records::transfer_row> released;   // recalls that waited for the outcome of an attempt lost in a crash
};
// `composed`: the transfer with its envelope (pieces, size, hash, expiry); what was stored of it before goes first.
result<begun> begin_attempt(records::writer&, const records::recall_side&, const records::transfer_row& composed,
                            const records::document_row&);

// What is sent beside the packet: the same at each attempt, as long as the recipients are the same.
peer::manifest manifest_of(const records::transfer_row&, const records::document_row&);

struct attempt_rules {
    unsigned attempts = 60;
    std::int64_t wait = 0; // microseconds, until the next one
    bool burns = true;     // false: only asked whether the destination is there; does not count
};
struct concluded {
    std::vector<records::transfer_row> released; // recalls that waited for this outcome
    bool notices = false;                        // some are to be told
    records::transfer_row after;                 // the transfer as it is now
};
// `before`: the row as the attempt began. What others have written since (a notice, an operator's release) stays.
result<concluded> conclude_attempt(records::writer&, const records::recall_side&, const attempt_rules&,
                                   const registry::registry&, const records::document_row&,
                                   const records::transfer_row& before, const outcome&);

// What a person or a comparison wants sent now: it waits, due at once, with its work row. What had come to a
// standstill, parked or delivered, begins anew: with all its attempts, its whole time, and a warning of its end.
void send_now(records::writer&, const std::string& home, records::transfer_row&);

} // namespace vanthu::delivery
