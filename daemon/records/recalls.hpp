// What a recall changes in rows: stopping a document that is still here, and waiting for an attempt that is under way.
// Used by the gate, which takes the recall in, and by delivery, which learns how the attempt ended.
//
//   no attempt open, none unanswered ─▶ stopped: out of its transfer, the hop it came from is told ("recalled")
//   an attempt open ─▶ fenced: the recall's own transfer waits ─▶ its outcome: handed over ─▶ the recall follows
//                                                                 certainly not ─▶ stopped, the recall ends here
//   an attempt ended without an answer ─▶ the hop may have it ─▶ the recall follows; the document is tried no more
//                                                                unless others share its envelope
//
// The envelope of a hop is written once (contracts 5): a recall never changes its bytes. Who is taken out of a transfer
// leaves the manifest, which says for whom custody passes, and only while no hop can have seen the old one; else the
// envelope stays as it is, and the recall follows it.
// All of it inside one change; after a failure the change is rolled back.
#pragma once

#include "daemon/records/records.hpp"

namespace vanthu::records {

struct recall_side {
    std::string home, organisation; // of this node: canonical; its code, for notices
};

// Refused, returned, expired or taken back: nothing of it is left at the recipient.
bool has_ended(const consignment_row&);

// May the document be stopped here for this recipient? `t`: its transfer; null: it has none (parked, held).
enum class stopping { at_once, after_the_attempt, too_late };
stopping can_stop(const consignment_row&, const transfer_row* t);

// Stops it: at_once only. `c` and `t` are written. `proof`: of the recall's packet.
result<> stop(writer&, const recall_side&, const document_row&, consignment_row& c, transfer_row* t,
              const std::string& proof);
// The hop may have it: nothing more is tried once everybody in the envelope is asked for it back. Writes `t` if so.
result<> stop_trying(writer&, const recall_side&, const document_row&, transfer_row& t);

// An attempt of `t` has ended, attempt_open is false again, and recalls wait for it. Answers the transfers of recalls
// that may go now: they have their work rows. `t` may come out recalled.
result<std::vector<transfer_row>> settle(writer&, const recall_side&, const document_row&, transfer_row& t);

// "recalled" for the hop that a packet came from.
result<> tell_recalled(writer&, const recall_side&, const document_row&, const std::string& recipient);

} // namespace vanthu::records
