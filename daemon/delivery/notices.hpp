// What another node says has become of a packet it got from here: what of it is believed, and taking it over.
#pragma once

#include "daemon/records/records.hpp"
#include "schemas/peer/peer.hpp"

namespace vanthu::delivery {

// "returned", "expired" and "recalled" end a recipient, for good and upstream too: a claim that fits nothing on record
// here does not.
enum class claim {
    believed,     // also every other kind
    ended_before, // one end does not take the place of another
    answered,     // the recipient's eOffice has said that it has the document (01, 03 to 06)
    unasked,      // a recall that nobody asked for
};
// `statuses`: the codes seen; `asked_back`: a recall, update or replace of it is on record, or it is one itself.
claim judge(std::string_view kind, records::state, const std::vector<std::string>& statuses, bool asked_back);
// The last of these, of a recipient on record.
result<bool> is_asked_back(const records::reader&, std::string_view home, const records::document_row&,
                           const records::consignment_row&);

// The other side's notices, inside a change: on the ladder, and back along the way. How far they are now kept.
result<std::uint64_t> take_notices(records::writer&, const std::string& home, const std::string& node,
                                   const peer::notice_call&);

} // namespace vanthu::delivery
