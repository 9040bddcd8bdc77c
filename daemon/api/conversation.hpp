// Private to this folder: what the calls for a recall, an update and a replacement have in common.
#pragma once

#include "daemon/api/strict_json.hpp"
#include "daemon/ledger/store.hpp"
#include "daemon/records/records.hpp"

namespace vanthu::api {

// The header of a stored packet; its attachments are not read. Blocks: it runs on the disk pool.
result<edxml::document_header> header_of(ledger::store&, const records::document_row&);
// All of it. Blocks like header_of().
result<edxml::document_packet> packet_of(ledger::store&, const records::document_row&);
// A reason is wanted, of at most 500 characters: consumers in the field keep no more.
result<> check_reason(std::string_view);

} // namespace vanthu::api
