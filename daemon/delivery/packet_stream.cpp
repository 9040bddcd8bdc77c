#include "daemon/delivery/packet_stream.hpp"

#include "daemon/delivery/errors.hpp"
#include "schemas/edxml/accepted.hpp"

#include <algorithm>
#include <cstring>

namespace vanthu::delivery {
namespace {

constexpr std::uint64_t held_up_to = 1u << 20; // longer packets are read in pieces

std::uint64_t length_of(const records::piece_row& p) { return p.text.empty() ? p.length : p.text.size(); }

// What stands where in the packet. Its contents were read when it was accepted.
result<edxml::packet> read_again(ledger::payload_store& payloads, const ledger::payload_ref& ref,
                                 const received_bytes& received) {
    edxml::packet_reader reader(edxml::of_what_was_accepted());
    reader.pass_over_contents();
    if (received) {
        VANTHU_CHECK(reader.feed(*received));
        return reader.finish();
    }
    VANTHU_TRY(auto source, payloads.open_reader(ref));
    bytes chunk(256u << 10);
    for (;;) {
        VANTHU_TRY(std::size_t n, source->read(chunk));
        if (n == 0) break;
        VANTHU_CHECK(reader.feed(bytes_view(chunk.data(), n)));
    }
    return reader.finish();
}

result<> hash_range(sha256& hash, ledger::payload_store& payloads, const ledger::payload_ref& ref,
                    const received_bytes& received, const edxml::raw_range& range) {
    const std::uint64_t end = range.offset + range.length;
    if (end > ref.plain_length) return failed(errc::packet_unreadable);
    if (received) {
        hash.update(bytes_view(*received).subspan(range.offset, range.length));
        return {};
    }
    for (std::uint64_t at = range.offset; at < end;) {
        VANTHU_TRY(bytes part, payloads.read(ref, at, std::min<std::uint64_t>(end - at, 1u << 20)));
        if (part.empty()) return failed(errc::packet_unreadable);
        hash.update(part);
        at += part.size();
    }
    return {};
}

} // namespace

result<composition> compose(ledger::payload_store& payloads, const records::document_row& d,
                            std::string_view organisation, timestamp at, edxml::element_order order) {
    VANTHU_TRY(ledger::payload_ref ref, ledger::payload_ref::decode(d.payload));
    composition out;
    if (is_held(ref)) {
        VANTHU_TRY(bytes whole, payloads.read(ref));
        out.received = std::make_shared<const bytes>(std::move(whole));
    }
    if (d.kind == records::document_kind::status) {
        out.pieces.push_back({.text = {}, .offset = 0, .length = d.size});
        out.size = d.size;
        out.sha256 = d.packet_sha256;
        return out;
    }
    VANTHU_TRY(edxml::packet packet, read_again(payloads, ref, out.received));
    if (!packet.document()) return failed(errc::packet_unreadable, d.id);
    auto hash = [&](sha256& h, edxml::raw_range range) { return hash_range(h, payloads, ref, out.received, range); };
    VANTHU_TRY(static_cast<records::composition&>(out),
               records::compose(*packet.document(), organisation, at, order, hash));
    return out;
}

result<received_bytes> packet_memory::read(ledger::payload_store& payloads, const ledger::payload_ref& ref) {
    constexpr std::size_t a_tag = 16; // with room for the last chunk's the reader copies none (payloads.hpp)
    VANTHU_TRY(auto reader, payloads.open_reader(ref, 0, ledger::payload_store::check::chunks));
    // A deleter of its own: the vector stays, and what it has grown to.
    std::unique_ptr<bytes, std::function<void(bytes*)>> out(new bytes(take()), [of = weak_from_this()](bytes* b) {
        if (auto memory = of.lock()) memory->give_back(std::move(*b));
        delete b;
    });
    const std::size_t room = ref.plain_length + a_tag;
    if (out->capacity() < room) *out = bytes(); // rather than copied while it grows
    out->resize(room);
    std::size_t done = 0;
    for (std::size_t n = 1; n > 0; done += n) {
        VANTHU_TRY(n, reader->read(std::span(*out).subspan(done)));
    }
    out->resize(done);
    return received_bytes(std::move(out));
}

std::size_t packet_memory::spare() const {
    std::lock_guard lock(guard_);
    return size_;
}

bytes packet_memory::take() {
    std::lock_guard lock(guard_);
    if (free_.empty()) return {};
    bytes out = std::move(free_.back()); // the last one used: most likely still in the processor's cache
    free_.pop_back();
    size_ -= out.capacity();
    return out;
}

void packet_memory::give_back(bytes b) {
    std::lock_guard lock(guard_);
    if (size_ + b.capacity() > most_spare) return;
    size_ += b.capacity();
    free_.push_back(std::move(b));
}

bool is_held(const ledger::payload_ref& received) { return received.plain_length <= held_up_to; }

namespace {

class piece_stream {
public:
    piece_stream(std::shared_ptr<const std::vector<records::piece_row>> pieces, std::uint64_t offset,
                 ledger::payload_store& payloads, ledger::payload_ref payload, received_bytes received,
                 asio::thread_pool& disk)
        : pieces_(std::move(pieces)), payloads_(payloads), payload_(std::move(payload)), received_(std::move(received)),
          disk_(disk), within_(offset) {
        while (piece_ < pieces_->size() && within_ >= length_of((*pieces_)[piece_]))
            within_ -= length_of((*pieces_)[piece_++]);
    }

    task<std::size_t> read_some(std::span<std::uint8_t> into) {
        std::size_t done = copy_what_is_here(into);
        if (done > 0 || piece_ == pieces_->size()) co_return done;
        const records::piece_row& piece = (*pieces_)[piece_];
        const std::size_t n = std::min<std::uint64_t>(into.size(), piece.length - within_);
        auto read = [&]() -> result<std::size_t> {
            if (!reader_) {
                VANTHU_TRY(reader_, payloads_.open_reader(payload_, piece.offset + within_));
            }
            return reader_->read(into.first(n));
        };
        VANTHU_CO_TRY(done, co_await offload(disk_, read));
        if (done == 0) co_return failed(errc::packet_unreadable);
        advance(done);
        co_return done;
    }

private:
    // Over as many pieces as there is room for.
    std::size_t copy_what_is_here(std::span<std::uint8_t> into) {
        std::size_t done = 0;
        while (done < into.size() && piece_ < pieces_->size()) {
            const records::piece_row& piece = (*pieces_)[piece_];
            if (piece.text.empty() && (!received_ || piece.offset + piece.length > received_->size())) break;
            const bytes_view from =
                piece.text.empty() ? bytes_view(*received_).subspan(piece.offset, piece.length) : as_bytes(piece.text);
            const std::size_t n = std::min<std::uint64_t>(into.size() - done, from.size() - within_);
            std::memcpy(into.data() + done, from.data() + within_, n);
            done += n;
            advance(n);
        }
        return done;
    }
    void advance(std::size_t n) {
        within_ += n;
        if (within_ < length_of((*pieces_)[piece_])) return;
        ++piece_;
        within_ = 0;
        reader_.reset(); // the next range stands elsewhere
    }

    std::shared_ptr<const std::vector<records::piece_row>> pieces_;
    ledger::payload_store& payloads_;
    ledger::payload_ref payload_;
    received_bytes received_;
    asio::thread_pool& disk_;
    std::size_t piece_ = 0;
    std::uint64_t within_;
    std::unique_ptr<ledger::payload_reader> reader_; // of the range that is being sent
};

} // namespace

net::producer stream(std::shared_ptr<const std::vector<records::piece_row>> pieces, std::uint64_t size,
                     std::uint64_t offset, ledger::payload_store& payloads, ledger::payload_ref payload,
                     received_bytes received, asio::thread_pool& disk) {
    auto from = std::make_shared<piece_stream>(std::move(pieces), offset, payloads, std::move(payload),
                                               std::move(received), disk);
    return {.size = size - std::min(size, offset),
            .read_some = [from](std::span<std::uint8_t> into) { return from->read_some(into); }};
}

} // namespace vanthu::delivery
