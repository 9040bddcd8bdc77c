// Reading one record, wherever it stands.
#pragma once

#include "daemon/ledger/record.hpp"

#include <functional>

namespace vanthu::ledger {

struct record_source {
    std::shared_ptr<const file> from; // null: `record` holds the bytes
    std::uint64_t begin = 0;
    std::string record;

    result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const;
};

// Reads the header and compares it with the reference: errc::payload_damaged when they differ, errc::key_unknown.
// `hashed`: who reads from the front to the end has the hash over all verified too.
result<std::unique_ptr<payload_reader>> open_record(record_source, const payload_ref&,
                                                    const std::function<const payload_key*(std::uint32_t)>& key,
                                                    std::uint64_t offset, bool hashed);

} // namespace vanthu::ledger
