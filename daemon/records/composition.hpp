// The packet for one hop, composed: our text, and ranges of the packet as it was received (attachments are never
// touched).
#pragma once

#include "daemon/records/rows.hpp"
#include "schemas/edxml/writer.hpp"

#include <functional>
#include <map>
#include <memory>

namespace vanthu::records {

// What a transfer will keep of it (transfer_row, envelope_row).
struct composition {
    std::vector<piece_row> pieces;
    std::uint64_t size = 0;
    digest sha256; // of the bytes the pieces make
};

// Header as received, one TraceHeader of `organisation` and `at` appended. `hash` adds a range of what was received.
result<composition> compose(const edxml::document_packet& received, std::string_view organisation, timestamp at,
                            edxml::element_order, const std::function<result<>(sha256&, edxml::raw_range)>& hash);

// Of one document, for the nodes it goes on to, before it is stored with its transfers: composed while its bytes were
// at hand, so that they need not be read and hashed a second time.
struct composed_ahead {
    std::string document;
    std::map<std::string, std::shared_ptr<const composition>> by_node;
};

} // namespace vanthu::records
