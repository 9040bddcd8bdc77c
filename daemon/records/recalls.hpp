// What a recall changes in rows: stopping a document that is still here, and waiting for an attempt that is under way.
// Used by the gate, which takes the recall in, and by delivery, which learns how the attempt ended.
//
//   no attempt open, none unanswered ─▶ stopped: out of its transfer, the hop it came from is told ("recalled")
//   an attempt open ─▶ fenced: the recall's own transfer waits ─▶ its outcome: handed over ─▶ the recall follows
//                                                                 certainly not ─▶ stopped, the recall ends here
//   an attempt ended without an answer ─▶ the hop may have it ─▶ the recall follows; the document is tried no more
//                                                                unless others share its envelope
//
// A replacement waits in the same way, only that it goes whatever became of what it replaces.
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

// It has left its recipient nothing of the document: taken back, or replaced. An update takes nothing away.
bool took_away(const recall_row&);

// May the document be stopped here for this recipient? `t`: its transfer; null: it has none (parked, held).
enum class stopping { at_once, after_the_attempt, too_late };
stopping can_stop(const consignment_row&, const transfer_row* t);

// Stops it: at_once only. `c` and `t` are written. `proof`: of the recall's packet.
result<> stop(writer&, const recall_side&, const document_row&, consignment_row& c, transfer_row* t,
              const std::string& proof);
// The hop may have it: tried no more once all in the envelope are asked for it back (not: to update it). Writes `t`.
result<> stop_trying(writer&, const recall_side&, const document_row&, transfer_row& t);

// An attempt of `t` has ended, attempt_open is false again, and recalls wait for it. Answers the transfers of recalls
// that may go now: they have their work rows. `t` may come out recalled.
result<std::vector<transfer_row>> settle(writer&, const recall_side&, const document_row&, transfer_row& t);

// The row of what `request` asks about `target` at the recipient of this consignment of its own. Where that is the
// successor of who has the document, the row stands under the predecessor.
result<std::optional<recall_row>> asked_by(const reader&, const std::string& home, const document_row& request,
                                           const std::string& target, const consignment_row&);

// A replacement is gone at this recipient (taken back, replaced in its turn, refused): what it asked for there ends.
result<> end_requests(writer&, const std::string& home, const document_row& replacement, const consignment_row&);

// `later` takes the row of a request that may be fenced: that one goes on at once, as no outcome would release it any
// more, unless it waits for another document too. Before `later` is written. Answers its transfer to `node`, with its work row.
result<std::optional<transfer_row>> release_earlier(writer&, const recall_side&, const recall_row& later,
                                                    const std::string& node);

// A request did not reach `recipient`: refused, returned or expired, with `code`. It is asked no more, and a document
// that was tried no more because of it is told as returned: to its sender too, who has no other word of it.
result<> request_failed(writer&, const recall_side&, const document_row& request, const std::string& recipient,
                        const std::string& code);

// "recalled" for the hop that a packet came from.
result<> tell_recalled(writer&, const recall_side&, const document_row&, const std::string& recipient);

} // namespace vanthu::records
