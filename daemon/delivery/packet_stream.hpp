// The composed packet as bytes: our text, and ranges of the packet as it was received (attachments are never touched).
#pragma once

#include "daemon/base/task.hpp"
#include "daemon/ledger/store.hpp"
#include "daemon/net/http.hpp"
#include "daemon/records/composition.hpp"

#include <memory>
#include <mutex>

namespace vanthu::delivery {

// The packet as it was received, in memory; null: it is read from the store as it is needed.
using received_bytes = std::shared_ptr<const bytes>;

// Is it short enough to be held in memory while it is sent?
bool is_held(const ledger::payload_ref& received);

// Memory that packets were held in, kept for the next ones: what is given back to the system and asked for again costs
// more than reading into it. Any thread.
class packet_memory : public std::enable_shared_from_this<packet_memory> {
public:
    // The packet as it was received, its chunks checked. Blocks on the disk.
    result<received_bytes> read(ledger::payload_store&, const ledger::payload_ref&);
    std::size_t spare() const; // bytes

private:
    static constexpr std::size_t most_spare = 6u << 20;
    bytes take();
    void give_back(bytes);

    mutable std::mutex guard_;
    std::vector<bytes> free_;
    std::size_t size_ = 0; // of them all
};

// What goes to one hop, before it is stored with the transfer.
struct composition : records::composition {
    received_bytes received; // of an ordinary packet, for the attempt that follows at once
};

// Reads the stored packet again and writes the envelope for the next hop: header as received, one TraceHeader of ours
// appended. A status packet goes on as it is. Blocks on disk and CPU: call from a pool.
result<composition> compose(ledger::payload_store&, const records::document_row&, std::string_view organisation,
                            timestamp at, edxml::element_order);

// Streams pieces from `offset`. `payload` is the packet as received, which the pool reads from the disk without
// `received`.
net::producer stream(std::shared_ptr<const std::vector<records::piece_row>> pieces, std::uint64_t size,
                     std::uint64_t offset, ledger::payload_store&, ledger::payload_ref payload, received_bytes received,
                     asio::thread_pool& disk);

} // namespace vanthu::delivery
