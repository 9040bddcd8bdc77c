// Our own ids: UUIDv7 (RFC 9562), increasing within a process also when the clock steps back.
#pragma once

#include "daemon/base/clock.hpp"

#include <array>
#include <optional>

namespace vanthu {

// Thread-safe. Text form, 36 characters, lower case. Sorts by time of creation.
std::string new_id(timestamp now);
bool is_id(std::string_view text); // shape only: 8-4-4-4-12 lower-case hex

// The same in 16 bytes, in the same order. nullopt: not such an id.
using packed_id = std::array<std::uint8_t, 16>;
std::optional<packed_id> packed(std::string_view id);
std::string unpacked(const packed_id&);

} // namespace vanthu
