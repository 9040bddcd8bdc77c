// Base64 (RFC 4648, section 4), streaming. The largest CPU cost of the packet path: keep it table- or vector-driven.
#pragma once

#include "daemon/base/bytes.hpp"

namespace vanthu {

std::string base64_encode(bytes_view b);
// Whole value; white space is skipped; nullopt for any other foreign character or wrong padding.
std::optional<bytes> base64_decode(std::string_view text);

// Decodes in pieces of any size. White space (space, tab, CR, LF) is skipped.
class base64_decoder {
public:
    // Appends to `out`. False: a character outside the alphabet, or data after the padding; the decoder stays failed.
    bool feed(std::string_view text, bytes& out);
    // True when the text ended on a whole quantum (padding present or not needed).
    bool finish() const { return !failed_ && held_count_ == 0; }

private:
    std::uint8_t held_[4] = {};
    unsigned held_count_ = 0; // characters waiting for their quantum
    bool padded_ = false;     // '=' was seen: only white space may follow
    bool failed_ = false;
};

} // namespace vanthu
