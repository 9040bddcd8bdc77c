// Packets as JSON: the metadata of `vanthu packet make` and of the REST API, and what `vanthu packet check` prints.
//
// Keys are the members of packet.hpp in snake_case (docs/packets.md lists them). Absent and empty are the same. Values
// that are numbers in the standard may be JSON numbers or texts on the way in; on the way out they are numbers where
// the text is a plain decimal number. Dates and times are texts in the form of the packet.
#pragma once

#include "schemas/edxml/packet.hpp"

#include <boost/json/fwd.hpp>

namespace vanthu::edxml {

inline constexpr int packet_schema_version = 1; // of to_json(packet)

// Shape only; what the standard demands is check_document()'s. Failures: field_unknown, field_invalid; detail begins
// with the path of the field ("other_info.priority: ...").
result<document_header> header_from_json(const boost::json::object&);
result<status_packet> status_from_json(const boost::json::object&);

boost::json::object to_json(const document_header&);
boost::json::object to_json(const status_packet&);
boost::json::object to_json(const attachment_info&);
boost::json::object to_json(const finding&); // code, message_vi, message_en, detail
// Everything about a packet that was read, with schema_version, hashes and findings.
boost::json::object to_json(const packet&);

} // namespace vanthu::edxml
