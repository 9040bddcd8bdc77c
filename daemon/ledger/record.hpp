// A payload record: header, then the payload in chunks of 64 KiB, each followed by a 16-byte tag. The same bytes
// whether the record stands in the row database, in a segment or in a file of its own (docs/store-format.md).
//
// Tag: AES-256-GCM's own; without encryption a GMAC over id, owner, position and chunk (in records of version 1: the
// first 16 bytes of their SHA-256). Position and "last" are part of all, so that chunks cannot be moved, swapped
// between records or cut off.
#pragma once

#include "daemon/ledger/payloads.hpp"

namespace vanthu::ledger {

inline constexpr std::uint64_t chunk_length = 64u << 10;
inline constexpr std::uint64_t tag_length = 16;
inline constexpr std::size_t owner_at_most = 255;
inline constexpr std::size_t header_at_most = 99 + owner_at_most;

struct record_header {
    std::uint8_t version = 2;   // 1: as older programs wrote, readable for ever
    std::uint8_t algorithm = 0; // 0: none, 1: AES-256-GCM
    std::uint32_t key_id = 0;
    payload_id id{};
    std::uint64_t plain_length = 0;
    std::uint64_t committed_group = 0; // the last group known to be durable when the record was written
    digest sha256;
    std::string owner;

    std::uint64_t length() const { return 99 + owner.size(); }
    std::uint64_t chunks() const { return plain_length == 0 ? 1 : (plain_length + chunk_length - 1) / chunk_length; }
    std::uint64_t stored_length() const { return length() + plain_length + chunks() * tag_length; }
    std::string encode() const;
    // Needs header_at_most bytes, fewer only at the end of what there is. nullopt: these bytes begin no record.
    static std::optional<record_header> decode(std::string_view);
};

// Seals and opens the chunks of one record. Thread: one at a time.
class chunk_codec {
public:
    // `key` must be the one that header.key_id names; ignored for algorithm 0.
    chunk_codec(const record_header& header, const payload_key* key);
    void seal(std::uint32_t index, bool last, bytes_view plain, std::string& append_to) const;
    // `sealed` is chunk and tag; the chunk is opened where it stands. False: not what was sealed, and nothing of it is
    // to be used.
    bool open(std::uint32_t index, bool last, std::span<std::uint8_t> sealed) const;

private:
    std::uint8_t version_, algorithm_;
    std::string bound_; // what every tag covers beside the chunk
    std::array<std::uint8_t, 32> key_{};
};

} // namespace vanthu::ledger
