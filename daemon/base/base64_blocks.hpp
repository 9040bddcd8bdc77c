// Base64 by vector instructions: whole blocks of digits and nothing else. What is not a digit (a line end, padding, a
// foreign character) ends it, and the scalar decoder says what that is. Inside this room, and for its tests.
#pragma once

#include "daemon/base/bytes.hpp"

namespace vanthu {

struct base64_block_decoder {
    const char* name;
    std::size_t block; // characters at a time; a multiple of four
    // Decodes blocks from the front of `text` until one holds anything but digits or fewer characters are left than a
    // block has. Answers the characters used up; three quarters as many bytes were written. Up to `overrun` bytes
    // behind them may be written as well: the caller has room for them.
    std::size_t (*decode)(const unsigned char* text, std::size_t length, std::uint8_t* out);
};
inline constexpr std::size_t base64_overrun = 8;

// Those that this processor runs, the fastest first; may be empty.
std::span<const base64_block_decoder> base64_block_decoders();

} // namespace vanthu
