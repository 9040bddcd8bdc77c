// Reads a packet as its bytes arrive, in memory that does not grow with the attachments.
//
//   bytes ─▶ scanner (limits, DOCTYPE, encoding) ─┬─▶ XML parser ─▶ header, manifest, attachment fields
//                                                 └─▶ base64 of one attachment ─▶ hashes, unwrapping, sink
//
// The answer does not depend on how the bytes are cut. Nothing is read but what is fed; no entity is ever expanded but
// the five of XML and character references. After the first failure the reader is spent: every further call returns it.
// Not thread-safe; one reader a packet.
#pragma once

#include "schemas/edxml/packet.hpp"

#include <functional>
#include <memory>

namespace vanthu::edxml {

struct limits {
    std::uint64_t total_bytes = 2ull << 30;
    std::size_t leading_junk_bytes = 1024;
    std::size_t tag_bytes = 16u << 10; // one tag with its attributes
    std::size_t tag_attributes = 64;
    std::size_t depth = 64;
    std::size_t elements = 100'000;
    std::size_t text_bytes = 1u << 20;    // one text, comment or CDATA section outside the base64 text
    std::size_t header_bytes = 16u << 20; // everything outside the base64 texts
    std::size_t attachments = 1000;
    std::uint64_t inflated_bytes = 1ull << 30; // one wrapped attachment, unpacked
    unsigned inflated_ratio = 200;             // unpacked to packed, looked at above 1 MiB
    std::size_t findings = 200;
};

// Gets the attachments' bytes while they are decoded. A failure ends the reading and is returned by feed().
class attachment_sink {
public:
    virtual ~attachment_sink() = default;
    // `so_far` holds what precedes the content in the packet: the name may still be missing (some writers put it last).
    virtual result<> begin(std::size_t index, const attachment_info& so_far) = 0;
    // The decoded bytes as sent (still wrapped where the sender wrapped them).
    virtual result<> data(std::size_t index, bytes_view decoded) = 0;
    // What a ZIP's first entry unpacks to, while it arrives. Counts only if end() says `unwrapped`.
    virtual result<> inner(std::size_t, bytes_view) { return {}; }
    // Everything is known. Called for every attachment for which begin() was called, unless the reading failed.
    virtual result<> end(std::size_t index, const attachment_info& final) = 0;
};

class packet_reader {
public:
    // `today` (UTC+7) lets the reader remark on a date of issue in the future.
    explicit packet_reader(const limits& = {}, std::optional<date> today = {});
    ~packet_reader();
    packet_reader(packet_reader&&) noexcept;
    packet_reader& operator=(packet_reader&&) noexcept;

    void deliver_to(attachment_sink& sink); // before the first feed(); must outlive the reader
    // Called once, when header and manifest are known and (in the usual order) before the first attachment: `so_far`
    // has no hashes and no attachments yet. A failure returned ends the reading. Before the first feed().
    void on_header(std::function<result<>(const packet& so_far)> callback);
    // For a packet that was read whole before: only where its attachments stand and how they are described. Their
    // contents are not decoded, no hash is made, of them or of the packet. Before the first feed().
    void pass_over_contents();

    result<> feed(bytes_view piece);
    result<packet> finish(); // the end of the bytes

private:
    struct state;
    std::unique_ptr<state> state_;
};

// A whole packet in memory.
result<packet> read_packet(bytes_view whole, const limits& = {}, std::optional<date> today = {},
                           attachment_sink* sink = nullptr);

} // namespace vanthu::edxml
