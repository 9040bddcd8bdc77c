// Recognises the ZIP that some senders wrap around one attachment, while its bytes pass by.
//
// The first entry is unpacked and hashed as it comes. Only at the end is it known whether the archive holds exactly
// that entry and nothing else; anything irregular means: not a wrapping, keep the bytes as they are. Bounded memory.
//
// Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.9 (data descriptor), 4.3.12 (central directory),
// 4.3.16 (end record).
#pragma once

#include "schemas/edxml/reader.hpp"

#include <functional>

namespace vanthu::edxml {

class zip_unwrapper {
public:
    // `inner` gets what the first entry unpacks to; a failure it returns is returned by feed().
    zip_unwrapper(const limits&, std::function<result<>(bytes_view)> inner);
    ~zip_unwrapper();
    zip_unwrapper(zip_unwrapper&&) noexcept;

    result<> feed(bytes_view piece);
    // After the last byte: the single entry, or nothing.
    std::optional<unwrapped_content> finish();
    // Unpacking stopped at the limit: a zip bomb, or a file too large to look into.
    bool beyond_limits() const;
    std::string_view entry_name() const; // of the first entry, once read
    bytes_view head() const;             // the first bytes of what was unpacked, for sniff()

private:
    struct state;
    std::unique_ptr<state> state_;
};

// Section 7 of the unwrapping rule (docs/packets.md): same extension, and not itself an archive.
bool wraps(std::string_view entry_name, std::string_view attachment_name);
// A whole ZIP in memory: what it wraps, or nothing. inflated_too_large beyond the limits.
result<std::optional<bytes>> unwrap(bytes_view archive, std::string_view attachment_name, const limits& = {});

} // namespace vanthu::edxml
