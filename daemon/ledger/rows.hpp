// Row values: TYPE VERSION PAYLOAD, two bytes of framing before the row's own bytes (docs/store-format.md).
//
//   std::string value = row_writer('D', 1).text(number).i64(time).u8(state).take();
//   VANTHU_TRY(row_reader r, row_reader::open(value, 'D', 1));  VANTHU_TRY(auto number, r.text()); ...
//
// Integers are big endian, a text is a u32 length and its bytes. A newer version may append fields: a reader of an
// older version ignores what follows the fields it knows only where its owner says so (expect_end() is the strict
// form).
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/clock.hpp"
#include "daemon/ledger/errors.hpp"

namespace vanthu::ledger {

class row_writer {
public:
    row_writer(char type, std::uint8_t version) : value_{type, static_cast<char>(version)} {}
    row_writer& u8(std::uint8_t v);
    row_writer& u32(std::uint32_t v);
    row_writer& u64(std::uint64_t v);
    row_writer& i64(std::int64_t v);
    row_writer& flag(bool v) { return u8(v ? 1 : 0); }
    row_writer& time(timestamp t) { return i64(to_us(t)); }
    row_writer& text(std::string_view v);
    row_writer& hash(const digest& v);
    std::string take() { return std::move(value_); }

private:
    std::string value_;
};

// Failures: errc::row_malformed; errc::row_newer for a version above `newest`.
class row_reader {
public:
    static result<row_reader> open(std::string_view value, char type, std::uint8_t newest); // value outlives the reader
    std::uint8_t version() const { return version_; }
    result<std::uint8_t> u8();
    result<std::uint32_t> u32();
    result<std::uint64_t> u64();
    result<std::int64_t> i64();
    result<bool> flag();
    result<timestamp> time();
    result<std::string> text();
    result<digest> hash();
    bool at_end() const { return rest_.empty(); }
    result<> expect_end() const;

private:
    std::string_view rest_;
    std::uint8_t version_ = 0;
};

} // namespace vanthu::ledger
