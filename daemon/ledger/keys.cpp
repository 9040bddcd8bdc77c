#include "daemon/ledger/keys.hpp"

#include "daemon/ledger/big_endian.hpp"

#include <cstdlib>

namespace vanthu::ledger {
namespace {
constexpr char escape = '\0', escaped_zero = '\xff', text_end = '\x01';
constexpr std::uint64_t sign_bit = std::uint64_t(1) << 63; // flipped, so that negative numbers sort first

fail malformed() { return failed(errc::key_malformed); }
} // namespace

std::string owner_prefix(std::string_view owner) {
    if (owner.empty() || owner.contains('\0')) std::abort();
    std::string prefix(owner);
    prefix.push_back('\0');
    return prefix;
}

std::string after_prefix(std::string_view prefix) {
    std::string next(prefix);
    while (!next.empty() && next.back() == '\xff') next.pop_back();
    if (!next.empty()) ++next.back();
    return next;
}

row_key::row_key(std::string_view owner, char type) : key_(owner_prefix(owner)) { key_.push_back(type); }

row_key& row_key::text(std::string_view part) {
    key_.reserve(key_.size() + part.size() + 2);
    for (std::size_t zero; (zero = part.find(escape)) != std::string_view::npos; part.remove_prefix(zero + 1))
        key_.append(part.substr(0, zero)).append({escape, escaped_zero});
    key_.append(part).append({escape, text_end});
    return *this;
}

row_key& row_key::u8(std::uint8_t part) {
    put_big_endian(key_, part);
    return *this;
}
row_key& row_key::u32(std::uint32_t part) {
    put_big_endian(key_, part);
    return *this;
}
row_key& row_key::u64(std::uint64_t part) {
    put_big_endian(key_, part);
    return *this;
}
row_key& row_key::i64(std::int64_t part) { return u64(static_cast<std::uint64_t>(part) ^ sign_bit); }
row_key& row_key::raw(bytes_view part) {
    key_.append(as_text(part));
    return *this;
}

result<row_key_reader> row_key_reader::open(std::string_view key) {
    auto end = key.find('\0');
    if (end == 0 || end == key.npos || end + 1 >= key.size()) return malformed();
    row_key_reader reader;
    reader.owner_ = key.substr(0, end);
    reader.type_ = key[end + 1];
    reader.rest_ = key.substr(end + 2);
    return reader;
}

result<std::string> row_key_reader::text() {
    std::string part;
    for (std::size_t i = 0; i + 1 < rest_.size(); ++i) {
        if (rest_[i] != escape) {
            part.push_back(rest_[i]);
        } else if (rest_[i + 1] == text_end) {
            rest_.remove_prefix(i + 2);
            return part;
        } else if (rest_[i + 1] == escaped_zero) {
            part.push_back(escape);
            ++i;
        } else {
            return malformed();
        }
    }
    return malformed();
}

result<bytes_view> row_key_reader::raw(std::size_t width) {
    if (rest_.size() < width) return malformed();
    auto part = as_bytes(rest_.substr(0, width));
    rest_.remove_prefix(width);
    return part;
}

result<std::uint8_t> row_key_reader::u8() {
    VANTHU_TRY(auto part, raw(1));
    return part[0];
}
result<std::uint32_t> row_key_reader::u32() {
    VANTHU_TRY(auto part, raw(4));
    return get_big_endian<std::uint32_t>(part.data());
}
result<std::uint64_t> row_key_reader::u64() {
    VANTHU_TRY(auto part, raw(8));
    return get_big_endian<std::uint64_t>(part.data());
}
result<std::int64_t> row_key_reader::i64() {
    VANTHU_TRY(auto part, u64());
    return static_cast<std::int64_t>(part ^ sign_bit);
}

} // namespace vanthu::ledger
