// Integers of the store's formats: big endian, unsigned.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>

namespace vanthu::ledger {

template <std::unsigned_integral T> void put_big_endian(std::string& out, T value) {
    for (int shift = int(sizeof(T) - 1) * 8; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
}

// Reads sizeof(T) bytes; the caller has checked that they are there.
template <std::unsigned_integral T> T get_big_endian(const void* from) {
    auto* p = static_cast<const std::uint8_t*>(from);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value = value << 8 | p[i];
    return static_cast<T>(value);
}

} // namespace vanthu::ledger
