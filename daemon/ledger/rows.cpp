#include "daemon/ledger/rows.hpp"

#include "daemon/ledger/big_endian.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::ledger {
namespace {
result<std::string_view> take(std::string_view& rest, std::size_t width) {
    if (rest.size() < width) return failed(errc::row_malformed, "row ends early");
    auto part = rest.substr(0, width);
    rest.remove_prefix(width);
    return part;
}
template <class T> result<T> take_integer(std::string_view& rest) {
    VANTHU_TRY(auto part, take(rest, sizeof(T)));
    return get_big_endian<T>(part.data());
}
} // namespace

row_writer& row_writer::u8(std::uint8_t v) {
    put_big_endian(value_, v);
    return *this;
}
row_writer& row_writer::u32(std::uint32_t v) {
    put_big_endian(value_, v);
    return *this;
}
row_writer& row_writer::u64(std::uint64_t v) {
    put_big_endian(value_, v);
    return *this;
}
row_writer& row_writer::i64(std::int64_t v) { return u64(static_cast<std::uint64_t>(v)); }
row_writer& row_writer::text(std::string_view v) {
    u32(static_cast<std::uint32_t>(v.size()));
    value_.append(v);
    return *this;
}
row_writer& row_writer::hash(const digest& v) {
    value_.append(as_text(v.view()));
    return *this;
}

result<row_reader> row_reader::open(std::string_view value, char type, std::uint8_t newest) {
    if (value.size() < 2) return failed(errc::row_malformed, "row without framing");
    if (value[0] != type)
        return failed(errc::row_malformed,
                      fmt::format("row of type {:#04x}, not {:?}", static_cast<unsigned char>(value[0]), type));
    row_reader reader;
    reader.version_ = static_cast<std::uint8_t>(value[1]);
    if (reader.version_ == 0) return failed(errc::row_malformed, "row version 0");
    if (reader.version_ > newest)
        return failed(errc::row_newer, fmt::format("row {:?} version {}", type, reader.version_));
    reader.rest_ = value.substr(2);
    return reader;
}

result<std::uint8_t> row_reader::u8() { return take_integer<std::uint8_t>(rest_); }
result<std::uint32_t> row_reader::u32() { return take_integer<std::uint32_t>(rest_); }
result<std::uint64_t> row_reader::u64() { return take_integer<std::uint64_t>(rest_); }
result<std::int64_t> row_reader::i64() {
    VANTHU_TRY(auto v, u64());
    return static_cast<std::int64_t>(v);
}
result<bool> row_reader::flag() {
    VANTHU_TRY(auto v, u8());
    if (v > 1) return failed(errc::row_malformed, "flag is neither 0 nor 1");
    return v == 1;
}
result<timestamp> row_reader::time() {
    VANTHU_TRY(auto v, i64());
    return from_us(v);
}
result<std::string> row_reader::text() {
    VANTHU_TRY(auto length, u32());
    VANTHU_TRY(auto part, take(rest_, length));
    return std::string(part);
}
result<digest> row_reader::hash() {
    VANTHU_TRY(auto part, take(rest_, 32));
    digest d;
    std::ranges::copy(as_bytes(part), d.value.begin());
    return d;
}
result<> row_reader::expect_end() const {
    if (!rest_.empty()) return failed(errc::row_malformed, "bytes after the row's last field");
    return {};
}

} // namespace vanthu::ledger
