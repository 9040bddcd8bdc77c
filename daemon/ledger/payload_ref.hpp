// Where a payload stands and what it must read as. A business row keeps the encoded form; only the payload store looks
// inside.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/ledger/errors.hpp"

namespace vanthu::ledger {

enum class payload_kind : std::uint8_t {
    inside = 1,  // small: in the store's row database, rides in the commit's own write
    segment = 2, // middle: a record in a shared append-only segment file
    file = 3     // large: a file of its own
};

using payload_id = std::array<std::uint8_t, 16>; // random, in the record's header and in the reference

struct payload_ref {
    payload_kind kind = payload_kind::inside;
    payload_id id{};
    std::uint32_t segment = 0;       // number of the segment file (kind segment)
    std::uint64_t offset = 0;        // of the record in the segment (kind segment)
    std::uint64_t plain_length = 0;  // what a reader gets
    std::uint64_t stored_length = 0; // the whole record: header, chunks, tags
    digest sha256;                   // of the plain bytes
    std::string owner;               // the organisation whose payload it is

    std::string encode() const;                          // versioned
    static result<payload_ref> decode(std::string_view); // errc::row_malformed, errc::row_newer
    bool operator==(const payload_ref&) const = default;
};

// What a payload_writer hands over: a small payload still has to ride in the commit, in `inside_record`.
struct stored_payload {
    payload_ref ref;
    std::string inside_record; // sealed record, only for payload_kind::inside
};

} // namespace vanthu::ledger
