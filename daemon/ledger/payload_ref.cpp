#include "daemon/ledger/payload_ref.hpp"

#include "daemon/ledger/rows.hpp"

#include <algorithm>

namespace vanthu::ledger {

std::string payload_ref::encode() const {
    return row_writer('P', 1)
        .u8(static_cast<std::uint8_t>(kind))
        .text(as_text(id))
        .u32(segment)
        .u64(offset)
        .u64(plain_length)
        .u64(stored_length)
        .hash(sha256)
        .text(owner)
        .take();
}

result<payload_ref> payload_ref::decode(std::string_view value) {
    VANTHU_TRY(auto row, row_reader::open(value, 'P', 1));
    payload_ref ref;
    VANTHU_TRY(auto kind, row.u8());
    VANTHU_TRY(auto id, row.text());
    VANTHU_TRY(ref.segment, row.u32());
    VANTHU_TRY(ref.offset, row.u64());
    VANTHU_TRY(ref.plain_length, row.u64());
    VANTHU_TRY(ref.stored_length, row.u64());
    VANTHU_TRY(ref.sha256, row.hash());
    VANTHU_TRY(ref.owner, row.text());
    VANTHU_CHECK(row.expect_end());
    if (kind < 1 || kind > 3 || id.size() != ref.id.size() || ref.owner.empty() || ref.owner.contains('\0'))
        return failed(errc::row_malformed, "payload reference");
    ref.kind = static_cast<payload_kind>(kind);
    std::ranges::copy(as_bytes(id), ref.id.begin());
    return ref;
}

} // namespace vanthu::ledger
