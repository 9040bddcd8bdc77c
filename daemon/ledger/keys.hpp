// Row keys: OWNER \0 TYPE PARTS. Keys sort by owner, then type, then by the parts' own order (docs/store-format.md).
//
//   std::string key = row_key("000.00.00.G22", 'D').text(document_id).u64(sequence).take();
//   row_key_reader r(key);  r.owner();  r.type();  VANTHU_TRY(auto id, r.text());  VANTHU_TRY(auto n, r.u64());
//
// An integer is big endian; a text is terminated by \0, a \0 inside it is written 00 FF and the terminator is 00 01, so
// that any bytes keep their order and no text is a prefix of another. An owner is an organisation code and holds no \0.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/ledger/errors.hpp"

namespace vanthu::ledger {

class row_key {
public:
    row_key(std::string_view owner,
            char type); // aborts when owner is empty or holds \0: check organisation codes before
    row_key& text(std::string_view part);
    row_key& u8(std::uint8_t part);
    row_key& u32(std::uint32_t part);
    row_key& u64(std::uint64_t part);
    row_key& i64(std::int64_t part); // negative before positive
    row_key& raw(bytes_view part);   // fixed width known to the reader: a digest, an id
    const std::string& view() const { return key_; }
    std::string take() { return std::move(key_); }
    operator std::string_view() const { return key_; }

private:
    std::string key_;
};

// The prefix of everything of one owner.
std::string owner_prefix(std::string_view owner);
// The smallest key after every key that begins with `prefix`; empty when there is none.
std::string after_prefix(std::string_view prefix);

// Takes a key apart in the order it was built. Failures: errc::key_malformed.
class row_key_reader {
public:
    static result<row_key_reader> open(std::string_view key); // the key must outlive the reader
    std::string_view owner() const { return owner_; }
    char type() const { return type_; }
    result<std::string> text();
    result<std::uint8_t> u8();
    result<std::uint32_t> u32();
    result<std::uint64_t> u64();
    result<std::int64_t> i64();
    result<bytes_view> raw(std::size_t width);
    bool at_end() const { return rest_.empty(); }

private:
    std::string_view owner_, rest_;
    char type_ = 0;
};

} // namespace vanthu::ledger
