// multipart/form-data read from a body as it arrives, with bounded memory.
// Source: RFC 7578, RFC 2046 5.1.1. Strict: CRLF line ends, a missing closing boundary is refused, and so is a part in
// another transfer encoding than its own bytes.
#pragma once

#include "daemon/net/http.hpp"

namespace vanthu::net {

struct multipart_limits {
    std::size_t parts = 256;
    std::size_t part_header = 8 * 1024; // all header lines of one part
};

struct part {
    headers fields;
    std::string name; // of Content-Disposition: form-data; required
    // UTF-8, never a path to open: as sent, or decoded from "filename*" (RFC 8187, UTF-8 only), which counts before
    // "filename" (RFC 6266 4.3).
    std::optional<std::string> filename;
    std::string content_type; // "text/plain" when absent (RFC 7578 4.4)
};

// The boundary of a Content-Type of multipart/form-data, or bad_multipart.
result<std::string> multipart_boundary(std::string_view content_type);

class multipart_reader {
public:
    // `source` must outlive the reader. `boundary` from multipart_boundary().
    multipart_reader(body_source& source, std::string boundary, multipart_limits limits = {});
    // The next part; what was left of the one before is skipped. nullopt: the closing boundary was read (and the rest
    // of the body discarded). Failures, which repeat: bad_multipart, multipart_limit, or the source's own.
    task<std::optional<part>> next_part();
    // Bytes of the current part, 0 at its end.
    task<std::size_t> read_some(std::span<std::uint8_t> out);

private:
    enum class place { start, in_part, at_boundary, end, broken };

    task<bool> fill();              // more bytes from the source; false at its end
    task<bool> have(std::size_t n); // at least n bytes held; false: the source ended before
    task<bool> another_part();      // what follows a boundary: CRLF (true) or "--" (false)
    task<part> part_header();       //
    task<> skip_part();             //
    fail broken(errc code, std::string detail);
    fail broken(failure why);

    body_source& source_;
    std::string delimiter_; // CRLF "--" boundary
    multipart_limits limits_;
    std::string held_; // received; handed out up to at_
    std::size_t at_ = 0;
    std::size_t parts_ = 0;
    place place_ = place::start;
    failure why_; // of place::broken
};

} // namespace vanthu::net
