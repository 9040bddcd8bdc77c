// A text as JSON writes it.
#pragma once

#include <string>
#include <string_view>

namespace vanthu {

// In quotes; escaped is only what must be, in the short form where there is one: what RFC 8785 (JCS) 3.2.2.2 writes.
// Other bytes go in as they are, UTF-8 or not.
void append_json_text(std::string_view text, std::string& out);

} // namespace vanthu
