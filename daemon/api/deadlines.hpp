// The duties of the law on the ladder of a document (daemon/calendar/duties.hpp): by when, and whether it was done. A
// view, computed when it is looked at.
#pragma once

#include "daemon/calendar/duties.hpp"
#include "daemon/records/records.hpp"

#include <boost/json/array.hpp>

namespace vanthu::api {

// [{duty, by, state, done_at, text_vi, text_en}] for one recipient; `events` of the whole document. "sent" stands where
// the issuer hands in; "arrived" and "registered" once the recipient's node has kept the document. None for statuses,
// and none that is not done when the consignment has ended otherwise.
boost::json::array deadlines(const records::document_row&, const records::consignment_row&,
                             const std::vector<records::event_row>& events, const calendar::office&, timestamp now);

// As it is written in Viet Nam: 15/07/2025 16:20:05.
std::string time_in_vietnam(timestamp);

} // namespace vanthu::api
