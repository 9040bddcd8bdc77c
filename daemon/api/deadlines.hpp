// The duties of the law (daemon/calendar/duties.hpp) on the ladder of a document and in the inbox: by when, and whether
// it was done. A view, computed when it is looked at.
#pragma once

#include "daemon/calendar/duties.hpp"
#include "daemon/records/records.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace vanthu::api {

// {duty, by, state, done_at, text_vi, text_en}. `done`: when it was done.
boost::json::object deadline(calendar::duty, timestamp by, std::optional<timestamp> done, const calendar::office&,
                             timestamp now);

// [{duty, by, state, done_at, text_vi, text_en}] for one recipient; `events` of the whole document. "sent" stands where
// the issuer hands in; the others once the recipient's node has kept the document: "arrived", "registered" (not for
// what asks for 15 or 16) and "replied" (where the document names a DueDate). None for statuses, and none that is not
// done when the consignment has ended otherwise. "answered" is the conversations' (recall_view.hpp).
boost::json::array deadlines(const records::document_row&, const records::consignment_row&,
                             const std::vector<records::event_row>& events, const calendar::office&, timestamp now);

// What an entry of the inbox still wants of its eOffice, of the same kinds: what is done already is left out, and a
// cancelled entry wants nothing. `c`: the entry's consignment; needed where it was asked back, may be null elsewhere.
boost::json::array entry_deadlines(const records::inbox_row&, const records::document_row&,
                                   const records::consignment_row* c, const calendar::office&, timestamp now);

// Whether the event says that the recipient's own node has kept the document: here, told by a node in between, or by the
// receipt of the next hop, which is that node.
bool tells_kept(const records::event_row&);

// As it is written in Viet Nam: 15/07/2025 16:20:05.
std::string time_in_vietnam(timestamp);

} // namespace vanthu::api
