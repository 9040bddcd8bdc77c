#include "signing/cms/der.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

namespace vanthu::der {

namespace {

// Tag and length: at most 10 octets.
struct short_header {
    std::uint8_t octets[2 + sizeof(std::uint64_t)];
    std::uint8_t size = 2;
    short_header(std::uint8_t tag, std::uint64_t length) {
        octets[0] = tag;
        if (length < 128) {
            octets[1] = static_cast<std::uint8_t>(length);
            return;
        }
        int count = 8;
        while (!(length >> (8 * (count - 1)))) --count;
        octets[1] = static_cast<std::uint8_t>(0x80 | count);
        while (count > 0) octets[size++] = static_cast<std::uint8_t>(length >> (8 * --count));
    }
};

// One allocation, however many parts.
template <class Parts> bytes wrapped(std::uint8_t tag, const Parts& parts) {
    std::size_t length = 0;
    for (bytes_view part : parts) length += part.size();
    const short_header before(tag, length);
    bytes out;
    out.reserve(before.size + length);
    out.insert(out.end(), before.octets, before.octets + before.size);
    for (bytes_view part : parts) out.insert(out.end(), part.begin(), part.end());
    return out;
}

} // namespace

bytes header(std::uint8_t tag, std::uint64_t length) {
    const short_header h(tag, length);
    return bytes(h.octets, h.octets + h.size);
}

bytes tlv(std::uint8_t tag, bytes_view content) { return wrapped(tag, std::initializer_list<bytes_view>{content}); }

bytes joined(std::initializer_list<bytes_view> parts) {
    std::size_t length = 0;
    for (bytes_view part : parts) length += part.size();
    bytes all;
    all.reserve(length);
    for (bytes_view part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

bytes sequence(std::initializer_list<bytes_view> parts) { return wrapped(tag_sequence, parts); }

bytes set_of_content(std::vector<bytes> members) {
    std::sort(members.begin(), members.end());
    bytes all;
    std::size_t length = 0;
    for (const bytes& member : members) length += member.size();
    all.reserve(length);
    for (const bytes& member : members) all.insert(all.end(), member.begin(), member.end());
    return all;
}

bytes oid(std::string_view dotted) {
    bytes content;
    content.reserve(16);
    std::uint64_t first_part = 0;
    for (int part = 0; !dotted.empty(); ++part) {
        std::uint64_t value = 0;
        auto [end, error] = std::from_chars(dotted.data(), dotted.data() + dotted.size(), value);
        if (error != std::errc{}) std::abort(); // only our own constants come here
        dotted.remove_prefix(std::min(static_cast<std::size_t>(end - dotted.data()) + 1, dotted.size()));
        if (part == 0) {
            first_part = value;
            continue;
        }
        if (part == 1) value += first_part * 40;
        std::uint8_t digits[10]; // base 128, the last one first (X.690, 8.19.2)
        int count = 0;
        do {
            digits[count++] = static_cast<std::uint8_t>(value & 0x7f);
            value >>= 7;
        } while (value > 0);
        while (count > 1) content.push_back(digits[--count] | 0x80);
        content.push_back(digits[0]);
    }
    return tlv(tag_oid, content);
}

bytes integer(bytes_view magnitude) {
    while (!magnitude.empty() && magnitude[0] == 0) magnitude = magnitude.subspan(1);
    bytes content;
    if (magnitude.empty() || magnitude[0] & 0x80) content.push_back(0);
    content.insert(content.end(), magnitude.begin(), magnitude.end());
    return tlv(tag_integer, content);
}

bytes integer(unsigned small) {
    std::uint8_t big_endian[] = {static_cast<std::uint8_t>(small >> 24), static_cast<std::uint8_t>(small >> 16),
                                 static_cast<std::uint8_t>(small >> 8), static_cast<std::uint8_t>(small)};
    return integer(bytes_view(big_endian));
}

void backward_writer::put(bytes_view in_front) {
    if (in_front.size() > at_) {
        bytes larger(2 * octets_.size() + in_front.size());
        const std::size_t at = larger.size() - size();
        std::copy(octets_.begin() + static_cast<std::ptrdiff_t>(at_), octets_.end(),
                  larger.begin() + static_cast<std::ptrdiff_t>(at));
        octets_ = std::move(larger);
        at_ = at;
    }
    at_ -= in_front.size();
    std::copy(in_front.begin(), in_front.end(), octets_.begin() + static_cast<std::ptrdiff_t>(at_));
}

void backward_writer::enclose(std::uint8_t tag, std::size_t behind) {
    const short_header h(tag, size() - behind);
    put({h.octets, h.size});
}

bytes null() { return {0x05, 0x00}; }

bytes algorithm(std::string_view dotted, bool with_null) {
    return with_null ? sequence({oid(dotted), null()}) : sequence({oid(dotted)});
}

std::optional<element> first(bytes_view in) {
    if (in.size() < 2 || (in[0] & 0x1f) == 0x1f) return std::nullopt;
    std::size_t header = 2, length = in[1];
    if (length & 0x80) {
        std::size_t digits = length & 0x7f;
        if (digits == 0 || digits > 4 || in.size() < 2 + digits) return std::nullopt;
        length = 0;
        for (std::size_t i = 0; i < digits; ++i) length = length << 8 | in[2 + i];
        header += digits;
    }
    if (length > in.size() - header) return std::nullopt;
    return element{in[0], in.subspan(header, length), in.first(header + length)};
}

std::optional<element> first_ber(bytes_view in, unsigned depth) {
    if (in.size() < 2 || in[1] != 0x80) return first(in);
    bool constructed = in[0] & 0x20;
    if (!constructed || (in[0] & 0x1f) == 0x1f || depth == 0) return std::nullopt;
    std::size_t at = 2;
    for (;;) {
        bytes_view rest = in.subspan(at);
        if (rest.size() < 2) return std::nullopt;
        if (rest[0] == 0 && rest[1] == 0) return element{in[0], in.subspan(2, at - 2), in.first(at + 2)};
        auto inner = first_ber(rest, depth - 1);
        if (!inner) return std::nullopt;
        at += inner->whole.size();
    }
}

std::string oid_text(bytes_view content) {
    std::string out;
    std::uint64_t part = 0;
    bool inside = false;
    for (std::uint8_t octet : content) {
        if (!inside && octet == 0x80) return {}; // padding
        part = part << 7 | (octet & 0x7f);
        if (part >> 32) return {};
        inside = octet & 0x80;
        if (inside) continue;
        if (out.empty()) {
            std::uint64_t top = std::min<std::uint64_t>(part / 40, 2);
            out = std::to_string(top);
            part -= top * 40;
        }
        out += '.' + std::to_string(part);
        part = 0;
    }
    return inside ? std::string() : out;
}

std::optional<element> reader::next() {
    auto found = ber_ ? first_ber(rest_) : first(rest_);
    if (found) rest_ = rest_.subspan(found->whole.size());
    return found;
}

std::optional<element> reader::next(std::uint8_t tag) {
    if (rest_.empty() || rest_[0] != tag) return std::nullopt;
    return next();
}

} // namespace vanthu::der
