#include "schemas/edxml/unzip.hpp"

#include "schemas/edxml/utf8.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <zlib.h>

namespace vanthu::edxml {
namespace {

constexpr std::size_t local_header_bytes = 30, central_header_bytes = 46, end_record_bytes = 22;
constexpr std::size_t longest_name = 4096;       // name and extra field of the entry
constexpr std::size_t longest_tail = 128u << 10; // descriptor, one central header, end record with its comment
constexpr std::size_t head_bytes = 4096;
constexpr std::uint64_t ratio_floor = 1u << 20; // small files may be as dense as they like

std::uint32_t le16(bytes_view b, std::size_t at) { return b[at] | b[at + 1] << 8; }
std::uint32_t le32(bytes_view b, std::size_t at) { return le16(b, at) | le16(b, at + 2) << 16; }

std::string lower_extension(std::string_view name) {
    std::size_t dot = name.rfind('.');
    if (dot == name.npos || dot + 1 == name.size()) return {};
    std::string out(name.substr(dot + 1));
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

} // namespace

bool wraps(std::string_view entry_name, std::string_view attachment_name) {
    static constexpr std::string_view archives[] = {"zip", "rar", "7z",  "gz",  "tgz",   "tar",
                                                    "bz2", "xz",  "jar", "war", "asice", "asics"};
    std::string extension = lower_extension(attachment_name);
    return !extension.empty() && extension == lower_extension(entry_name) &&
           std::find(std::begin(archives), std::end(archives), extension) == std::end(archives);
}

struct zip_unwrapper::state {
    enum class phase { local_header, names, stored, deflated, tail, irregular, beyond_limits };
    edxml::limits limits;
    std::function<result<>(bytes_view)> inner;
    enum phase phase = phase::local_header;
    bytes held; // header, names or tail so far
    std::size_t wanted = local_header_bytes;
    std::uint32_t flags = 0, method = 0, name_bytes = 0;
    std::uint64_t stored_left = 0, position = 0;
    std::uint64_t packed = 0, unpacked = 0, tail_offset = 0;
    std::string name;
    std::uint32_t crc = 0;
    sha256 hash;
    bytes head;
    z_stream stream{};
    bool inflating = false;

    ~state() {
        if (inflating) inflateEnd(&stream);
    }

    // Moves what is wanted from `piece` to `held`; true when complete.
    bool collect(bytes_view& piece) {
        std::size_t n = std::min(wanted - held.size(), piece.size());
        held.insert(held.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(n));
        advance(piece, n);
        return held.size() == wanted;
    }
    void advance(bytes_view& piece, std::size_t n) {
        piece = piece.subspan(n);
        position += n;
    }
    void to_tail() {
        held.clear();
        tail_offset = position;
        phase = phase::tail;
    }

    void read_local_header() {
        if (le32(held, 0) != 0x04034b50) return void(phase = phase::irregular);
        flags = le16(held, 6), method = le16(held, 8), name_bytes = le16(held, 26);
        stored_left = le32(held, 18);
        wanted = name_bytes + le16(held, 28);
        bool encrypted = flags & 1, descriptor = flags & 8;
        bool readable = !encrypted && (method == 8 || (method == 0 && !descriptor && stored_left != 0xFFFFFFFF));
        phase = readable && name_bytes > 0 && wanted <= longest_name ? phase::names : phase::irregular;
        held.clear();
    }
    void read_names() {
        name.assign(as_text(held).substr(0, name_bytes));
        held.clear();
        if (method == 0) return stored_left ? void(phase = phase::stored) : to_tail();
        inflating = inflateInit2(&stream, -MAX_WBITS) == Z_OK;
        phase = inflating ? phase::deflated : phase::irregular;
    }

    result<> deliver(bytes_view b) {
        unpacked += b.size();
        if (unpacked > limits.inflated_bytes || (unpacked > ratio_floor && unpacked / limits.inflated_ratio > packed)) {
            phase = phase::beyond_limits;
            return {};
        }
        crc = static_cast<std::uint32_t>(crc32(crc, b.data(), static_cast<uInt>(b.size())));
        hash.update(b);
        std::size_t n = std::min(b.size(), head_bytes - head.size());
        head.insert(head.end(), b.begin(), b.begin() + static_cast<std::ptrdiff_t>(n));
        return inner ? inner(b) : result<>{};
    }
    result<> read_stored(bytes_view& piece) {
        auto n = static_cast<std::size_t>(std::min<std::uint64_t>({stored_left, piece.size(), 64u << 10}));
        bytes_view part = piece.first(n);
        advance(piece, n);
        packed += n;
        stored_left -= n;
        VANTHU_CHECK(deliver(part));
        if (stored_left == 0 && phase == phase::stored) to_tail();
        return {};
    }
    result<> read_deflated(bytes_view& piece) {
        std::array<std::uint8_t, 32u << 10> out;
        auto given = static_cast<uInt>(std::min<std::size_t>(piece.size(), 64u << 10));
        stream.next_in = const_cast<Bytef*>(piece.data()); // zlib does not write to it
        stream.avail_in = given;
        stream.next_out = out.data();
        stream.avail_out = out.size();
        int answer = inflate(&stream, Z_NO_FLUSH);
        std::size_t used = given - stream.avail_in, made = out.size() - stream.avail_out;
        advance(piece, used);
        packed += used;
        if (made) VANTHU_CHECK(deliver(bytes_view(out).first(made)));
        if (phase != phase::deflated) return {};
        if (answer == Z_STREAM_END)
            to_tail();
        else if (answer != Z_OK && answer != Z_BUF_ERROR)
            phase = phase::irregular;
        else if (used == 0 && made == 0)
            phase = phase::irregular; // no progress: cannot happen with input left
        return {};
    }

    // Descriptor (optional), exactly one central header for this entry, end record, nothing else.
    bool tail_is_regular() const {
        bytes_view t = held;
        std::size_t at = 0;
        if (flags & 8) { // with or without signature, sizes of 4 or 8 bytes: find the central header behind it
            bool found = false;
            for (std::size_t length : {16u, 12u, 24u, 20u})
                if (!found && t.size() >= length + 4 && le32(t, length) == 0x02014b50) at = length, found = true;
            if (!found) return false;
            std::size_t crc_at = at == 16 || at == 24 ? 4 : 0;
            if (le32(t, crc_at) != crc) return false;
        }
        if (t.size() < at + central_header_bytes + end_record_bytes || le32(t, at) != 0x02014b50) return false;
        bytes_view c = t.subspan(at);
        std::size_t central = central_header_bytes + le16(c, 28) + le16(c, 30) + le16(c, 32);
        if (le32(c, 16) != crc || le32(c, 20) != packed || le32(c, 24) != unpacked || le32(c, 42) != 0) return false;
        if (c.size() < central + end_record_bytes || as_text(c.subspan(central_header_bytes, le16(c, 28))) != name)
            return false;
        bytes_view e = c.subspan(central);
        return le32(e, 0) == 0x06054b50 && le16(e, 8) == 1 && le16(e, 10) == 1 && le32(e, 12) == central &&
               le32(e, 16) == tail_offset + at && e.size() == end_record_bytes + le16(e, 20);
    }
};

zip_unwrapper::zip_unwrapper(const limits& l, std::function<result<>(bytes_view)> inner)
    : state_(std::make_unique<state>()) {
    state_->limits = l;
    state_->inner = std::move(inner);
}
zip_unwrapper::~zip_unwrapper() = default;
zip_unwrapper::zip_unwrapper(zip_unwrapper&&) noexcept = default;

result<> zip_unwrapper::feed(bytes_view piece) {
    state& s = *state_;
    using enum state::phase;
    while (!piece.empty()) {
        switch (s.phase) {
        case local_header:
            if (s.collect(piece)) s.read_local_header();
            break;
        case names:
            if (s.collect(piece)) s.read_names();
            break;
        case stored:
            VANTHU_CHECK(s.read_stored(piece));
            break;
        case deflated:
            VANTHU_CHECK(s.read_deflated(piece));
            break;
        case tail:
            s.wanted = s.held.size() + piece.size();
            if (s.wanted > longest_tail)
                s.phase = irregular;
            else
                s.collect(piece);
            break;
        case irregular:
        case beyond_limits:
            return {};
        }
    }
    return {};
}

std::optional<unwrapped_content> zip_unwrapper::finish() {
    state& s = *state_;
    if (s.phase != state::phase::tail || !s.tail_is_regular()) return std::nullopt;
    std::string shown = s.name; // old writers use other code pages
    if (!is_utf8(shown))
        std::replace_if(shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '_');
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '_');
    return unwrapped_content{shown, s.unpacked, s.hash.finish()};
}

bool zip_unwrapper::beyond_limits() const { return state_->phase == state::phase::beyond_limits; }
std::string_view zip_unwrapper::entry_name() const { return state_->name; }
bytes_view zip_unwrapper::head() const { return state_->head; }

result<std::optional<bytes>> unwrap(bytes_view archive, std::string_view attachment_name, const limits& l) {
    bytes out;
    zip_unwrapper unwrapper(l, [&](bytes_view b) -> result<> {
        out.insert(out.end(), b.begin(), b.end());
        return {};
    });
    VANTHU_CHECK(unwrapper.feed(archive));
    if (unwrapper.beyond_limits())
        return failed(errc::inflated_too_large,
                      fmt::format("more than {} bytes or ratio {}", l.inflated_bytes, l.inflated_ratio));
    auto content = unwrapper.finish();
    if (!content || !wraps(content->name, attachment_name)) return std::optional<bytes>{};
    return std::optional<bytes>(std::move(out));
}

} // namespace vanthu::edxml
