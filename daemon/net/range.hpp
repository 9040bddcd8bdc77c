// Byte ranges. Source: RFC 9110 14.
#pragma once

#include "daemon/net/http.hpp"

namespace vanthu::net {

struct byte_range {
    std::uint64_t first = 0, length = 0; // length > 0
    bool operator==(const byte_range&) const = default;
};

// The single range asked for of a resource of `size` bytes. nullopt: answer with the whole (no Range header, another
// unit, malformed, or several ranges: RFC 9110 14.2 lets a server ignore them). range_not_satisfiable: answer 416 with
// "Content-Range: bytes */size".
result<std::optional<byte_range>> parse_range(std::string_view range_header, std::uint64_t size);
std::string content_range(byte_range range, std::uint64_t size); // "bytes 0-499/1234"
std::string unsatisfied_range(std::uint64_t size);               // "bytes */1234"

// Content-Range of a partial upload: "bytes 0-499/1234"; "*" for an unknown total. bad_content_range otherwise.
struct upload_range {
    byte_range range;
    std::optional<std::uint64_t> total;
};
result<upload_range> parse_content_range(std::string_view value);

} // namespace vanthu::net
