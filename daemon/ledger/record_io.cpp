#include "daemon/ledger/record_io.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::ledger {
namespace {

fail damaged(const payload_ref& ref, std::string_view what) {
    return failed(errc::payload_damaged, fmt::format("payload {}: {}", to_hex(ref.id), what));
}

class record_reader final : public payload_reader {
public:
    record_reader(record_source source, const payload_ref& ref, const record_header& header, const payload_key* key,
                  std::uint64_t offset, bool hashed)
        : source_(std::move(source)), ref_(ref), header_(header), codec_(header, key), whole_(hashed && offset == 0),
          next_(std::min(offset / chunk_length, header.chunks() - 1)), skip_(offset - next_ * chunk_length) {}

    result<std::size_t> read(std::span<std::uint8_t> into) override {
        while (position_ == plain_) {
            if (next_ == header_.chunks()) return 0;
            if (skip_ == 0 && into.size() >= length_of_next() + tag_length) return load(into);
            chunk_.resize(length_of_next() + tag_length);
            VANTHU_TRY(plain_, load(chunk_));
            position_ = static_cast<std::size_t>(std::exchange(skip_, 0));
        }
        std::size_t n = std::min(into.size(), plain_ - position_);
        std::copy_n(chunk_.begin() + static_cast<std::ptrdiff_t>(position_), n, into.begin());
        position_ += n;
        return n;
    }
    std::uint64_t length() const override { return header_.plain_length; }

private:
    std::uint64_t length_of_next() const {
        return next_ + 1 == header_.chunks() ? header_.plain_length - next_ * chunk_length : chunk_length;
    }

    // The next chunk with its tag, read and checked where it is to stand; answers its length without the tag.
    result<std::size_t> load(std::span<std::uint8_t> into) {
        const bool last = next_ + 1 == header_.chunks();
        const auto plain = static_cast<std::size_t>(length_of_next());
        const auto sealed = into.first(plain + tag_length);
        VANTHU_TRY(auto got, source_.read(header_.length() + next_ * (chunk_length + tag_length), sealed));
        if (got != sealed.size()) return damaged(ref_, "ends early");
        if (!codec_.open(static_cast<std::uint32_t>(next_), last, sealed))
            return damaged(ref_, fmt::format("chunk {}", next_));
        if (whole_) hash_.update(sealed.first(plain));
        if (whole_ && last && hash_.finish() != header_.sha256) return damaged(ref_, "hash");
        ++next_;
        return plain;
    }

    record_source source_;
    payload_ref ref_;
    record_header header_;
    chunk_codec codec_;
    sha256 hash_;
    bool whole_;
    std::uint64_t next_, skip_; // next chunk; bytes to leave out at its front
    bytes chunk_;                          // with its tag, where the caller has no room for both
    std::size_t plain_ = 0, position_ = 0; // its length without the tag; how much of it was handed out
};

} // namespace

result<std::size_t> record_source::read(std::uint64_t offset, std::span<std::uint8_t> into) const {
    if (from) return from->pread(begin + offset, into);
    if (offset >= record.size()) return 0;
    auto part = as_bytes(std::string_view(record).substr(offset, into.size()));
    std::ranges::copy(part, into.begin());
    return part.size();
}

result<std::unique_ptr<payload_reader>> open_record(record_source source, const payload_ref& ref,
                                                    const std::function<const payload_key*(std::uint32_t)>& key,
                                                    std::uint64_t offset, bool hashed) {
    bytes head(header_at_most);
    VANTHU_TRY(auto got, source.read(0, head));
    auto header = record_header::decode(as_text(bytes_view(head.data(), got)));
    if (!header) return damaged(ref, "no record header");
    if (header->id != ref.id || header->owner != ref.owner || header->plain_length != ref.plain_length ||
        header->stored_length() != ref.stored_length || header->sha256 != ref.sha256)
        return damaged(ref, "another record than the reference says");
    const payload_key* found = header->algorithm == 0 ? nullptr : key(header->key_id);
    if (header->algorithm != 0 && !found) return failed(errc::key_unknown, fmt::format("key {}", header->key_id));
    return std::make_unique<record_reader>(std::move(source), ref, *header, found, offset, hashed);
}

result<stored_payload> payload_store::put(std::string_view owner, bytes_view content, const std::optional<digest>&) {
    VANTHU_TRY(auto writer, begin(owner, content.size()));
    VANTHU_CHECK(writer->write(content));
    return writer->finish();
}

result<bytes> payload_store::read(const payload_ref& ref) {
    VANTHU_TRY(auto reader, open_reader(ref, 0));
    bytes out(ref.plain_length + tag_length); // room for the last chunk's tag: no chunk is copied
    std::size_t done = 0;
    for (std::size_t n = 1; n > 0; done += n) { // the read that meets the end verifies an empty payload too
        VANTHU_TRY(n, reader->read(std::span(out).subspan(done)));
    }
    out.resize(done);
    return out;
}

result<bytes> payload_store::read(const payload_ref& ref, std::uint64_t offset, std::uint64_t length) {
    VANTHU_TRY(auto reader, open_reader(ref, offset));
    bytes out(std::min(length, ref.plain_length - offset));
    for (std::size_t done = 0, n = 0; done < out.size(); done += n) {
        VANTHU_TRY(n, reader->read(std::span(out).subspan(done)));
        if (n == 0) return damaged(ref, "ends early");
    }
    return out;
}

result<> payload_store::verify(const payload_ref& ref) {
    VANTHU_TRY(auto reader, open_reader(ref, 0));
    bytes piece(chunk_length + tag_length);
    for (std::size_t n = 1; n > 0;) {
        VANTHU_TRY(n, reader->read(piece));
    }
    return {};
}

} // namespace vanthu::ledger
