// Our own ids: UUIDv7 (RFC 9562), increasing within a process also when the clock steps back.
#pragma once

#include "daemon/base/clock.hpp"

namespace vanthu {

// Thread-safe. Text form, 36 characters, lower case. Sorts by time of creation.
std::string new_id(timestamp now);
bool is_id(std::string_view text); // shape only: 8-4-4-4-12 lower-case hex

} // namespace vanthu
