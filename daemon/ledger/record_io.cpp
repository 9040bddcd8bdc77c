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
                  std::uint64_t offset)
        : source_(std::move(source)), ref_(ref), header_(header), codec_(header, key), whole_(offset == 0),
          next_(std::min(offset / chunk_length, header.chunks() - 1)), skip_(offset - next_ * chunk_length) {}

    result<std::size_t> read(std::span<std::uint8_t> into) override {
        while (position_ == chunk_.size()) {
            if (next_ == header_.chunks()) return 0;
            VANTHU_CHECK(load());
        }
        std::size_t n = std::min(into.size(), chunk_.size() - position_);
        std::copy_n(chunk_.begin() + static_cast<std::ptrdiff_t>(position_), n, into.begin());
        position_ += n;
        return n;
    }
    std::uint64_t length() const override { return header_.plain_length; }

private:
    result<> load() {
        bool last = next_ + 1 == header_.chunks();
        std::uint64_t plain = last ? header_.plain_length - next_ * chunk_length : chunk_length;
        sealed_.resize(plain + tag_length);
        VANTHU_TRY(auto got, source_.read(header_.length() + next_ * (chunk_length + tag_length), sealed_));
        if (got != sealed_.size()) return damaged(ref_, "ends early");
        if (!codec_.open(static_cast<std::uint32_t>(next_), last, sealed_, chunk_))
            return damaged(ref_, fmt::format("chunk {}", next_));
        if (whole_) hash_.update(chunk_);
        if (whole_ && last && hash_.finish() != header_.sha256) return damaged(ref_, "hash");
        position_ = static_cast<std::size_t>(std::exchange(skip_, 0));
        ++next_;
        return {};
    }

    record_source source_;
    payload_ref ref_;
    record_header header_;
    chunk_codec codec_;
    sha256 hash_;
    bool whole_;
    std::uint64_t next_, skip_; // next chunk; bytes to leave out at its front
    bytes sealed_, chunk_;
    std::size_t position_ = 0;
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
                                                    std::uint64_t offset) {
    bytes head(header_at_most);
    VANTHU_TRY(auto got, source.read(0, head));
    auto header = record_header::decode(as_text(bytes_view(head.data(), got)));
    if (!header) return damaged(ref, "no record header");
    if (header->id != ref.id || header->owner != ref.owner || header->plain_length != ref.plain_length ||
        header->stored_length() != ref.stored_length || header->sha256 != ref.sha256)
        return damaged(ref, "another record than the reference says");
    const payload_key* found = header->algorithm == 0 ? nullptr : key(header->key_id);
    if (header->algorithm != 0 && !found) return failed(errc::key_unknown, fmt::format("key {}", header->key_id));
    return std::make_unique<record_reader>(std::move(source), ref, *header, found, offset);
}

result<stored_payload> payload_store::put(std::string_view owner, bytes_view content, const std::optional<digest>&) {
    VANTHU_TRY(auto writer, begin(owner, content.size()));
    VANTHU_CHECK(writer->write(content));
    return writer->finish();
}

result<bytes> payload_store::read(const payload_ref& ref) {
    VANTHU_TRY(auto reader, open_reader(ref, 0));
    bytes out(ref.plain_length);
    std::size_t done = 0;
    for (std::size_t n = 1; n > 0; done += n) {
        std::uint8_t beyond[1]; // the read that meets the end verifies an empty payload too
        VANTHU_TRY(n, reader->read(done < out.size() ? std::span(out).subspan(done) : std::span<std::uint8_t>(beyond)));
    }
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
    bytes piece(chunk_length);
    for (std::size_t n = 1; n > 0;) {
        VANTHU_TRY(n, reader->read(piece));
    }
    return {};
}

} // namespace vanthu::ledger
