#include "daemon/delivery/packet_stream.hpp"

#include "daemon/delivery/errors.hpp"
#include "schemas/edxml/reader.hpp"

#include <algorithm>

namespace vanthu::delivery {
namespace {

std::uint64_t length_of(const records::piece_row& p) { return p.text.empty() ? p.length : p.text.size(); }

result<edxml::packet> read_again(ledger::payload_store& payloads, const ledger::payload_ref& ref) {
    VANTHU_TRY(auto source, payloads.open_reader(ref));
    // Accepted once, under limits that may be tighter today: what was promised is carried.
    edxml::limits generous;
    generous.total_bytes = generous.inflated_bytes = UINT64_MAX;
    generous.attachments = 1'000'000;
    generous.inflated_ratio = UINT32_MAX;
    edxml::packet_reader reader(generous);
    bytes chunk(256u << 10);
    for (;;) {
        VANTHU_TRY(std::size_t n, source->read(chunk));
        if (n == 0) break;
        VANTHU_CHECK(reader.feed(bytes_view(chunk.data(), n)));
    }
    return reader.finish();
}

} // namespace

result<composition> compose(ledger::payload_store& payloads, const records::document_row& d,
                            std::string_view organisation, timestamp at, edxml::element_order order) {
    VANTHU_TRY(ledger::payload_ref ref, ledger::payload_ref::decode(d.payload));
    composition out;
    if (d.kind == records::document_kind::status) {
        out.pieces.push_back({.text = {}, .offset = 0, .length = d.size});
        out.size = d.size;
        out.sha256 = d.packet_sha256;
        return out;
    }
    VANTHU_TRY(edxml::packet packet, read_again(payloads, ref));
    if (!packet.document()) return failed(errc::packet_unreadable, d.id);
    edxml::trace_header trace{std::string(organisation), edxml::packet_time::of(at)};
    VANTHU_TRY(std::vector<edxml::piece> pieces, edxml::compose_outgoing(*packet.document(), trace, order));
    sha256 hash;
    for (edxml::piece& p : pieces) {
        if (auto* text = std::get_if<std::string>(&p)) {
            hash.update(*text);
            out.size += text->size();
            if (!text->empty()) out.pieces.push_back({.text = std::move(*text)});
        } else if (auto* range = std::get_if<edxml::raw_range>(&p)) {
            for (std::uint64_t at_byte = range->offset, end = at_byte + range->length; at_byte < end;) {
                VANTHU_TRY(bytes part, payloads.read(ref, at_byte, std::min<std::uint64_t>(end - at_byte, 1u << 20)));
                if (part.empty()) return failed(errc::packet_unreadable, d.id);
                hash.update(part);
                at_byte += part.size();
            }
            out.size += range->length;
            if (range->length) out.pieces.push_back({.text = {}, .offset = range->offset, .length = range->length});
        }
    }
    out.sha256 = hash.finish();
    return out;
}

net::producer stream(std::shared_ptr<const std::vector<records::piece_row>> pieces, std::uint64_t size,
                     std::uint64_t offset, ledger::payload_store& payloads, ledger::payload_ref payload,
                     asio::thread_pool& disk) {
    struct position {
        std::size_t piece = 0;
        std::uint64_t within = 0;
    };
    auto at = std::make_shared<position>();
    std::uint64_t skip = offset;
    while (at->piece < pieces->size() && skip >= length_of((*pieces)[at->piece]))
        skip -= length_of((*pieces)[at->piece++]);
    at->within = skip;

    net::producer p;
    p.size = size - std::min(size, offset);
    p.read_some = [pieces, at, &payloads, payload = std::move(payload),
                   &disk](std::span<std::uint8_t> into) -> task<std::size_t> {
        if (at->piece == pieces->size()) co_return std::size_t{0};
        const records::piece_row& piece = (*pieces)[at->piece];
        std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), length_of(piece) - at->within));
        if (!piece.text.empty()) {
            std::copy_n(piece.text.begin() + static_cast<std::ptrdiff_t>(at->within), n, into.begin());
        } else {
            auto read = [&] { return payloads.read(payload, piece.offset + at->within, n); };
            VANTHU_CO_TRY(bytes part, co_await offload(disk, read));
            if (part.empty()) co_return failed(errc::packet_unreadable);
            std::copy(part.begin(), part.end(), into.begin());
            n = part.size();
        }
        at->within += n;
        if (at->within == length_of(piece)) {
            ++at->piece;
            at->within = 0;
        }
        co_return n;
    };
    return p;
}

} // namespace vanthu::delivery
