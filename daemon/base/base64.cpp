#include "daemon/base/base64.hpp"

#include "daemon/base/base64_blocks.hpp"

#include <cstring>

namespace vanthu {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t space = 0x40, pad = 0x41, bad = 0x80;

// One entry a character: 0..63, or a class above 63.
constexpr auto classes = [] {
    std::array<std::uint8_t, 256> t{};
    t.fill(bad);
    for (int i = 0; i < 64; ++i) t[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    for (char c : {' ', '\t', '\r', '\n'}) t[static_cast<unsigned char>(c)] = space;
    t['='] = pad;
    return t;
}();

// Four tables give each character's bits at its place in the 24-bit group; bit 31 marks anything that is not a digit.
constexpr auto shifted(int shift) {
    std::array<std::uint32_t, 256> t{};
    for (int i = 0; i < 256; ++i) t[i] = classes[i] < 64 ? std::uint32_t{classes[i]} << shift : 0x80000000u;
    return t;
}
constexpr auto first = shifted(18), second = shifted(12), third = shifted(6), fourth = shifted(0);

// The two characters of each twelve bits.
constexpr auto pairs = [] {
    std::array<std::array<char, 2>, 4096> t{};
    for (std::size_t i = 0; i < t.size(); ++i) t[i] = {alphabet[i >> 6], alphabet[i & 63]};
    return t;
}();

} // namespace

std::string base64_encode(bytes_view b) {
    std::string out;
    out.resize((b.size() + 2) / 3 * 4);
    char* o = out.data();
    std::size_t i = 0;
    for (; i + 3 <= b.size(); i += 3) {
        std::uint32_t v = b[i] << 16 | b[i + 1] << 8 | b[i + 2];
        std::memcpy(o, pairs[v >> 12].data(), 2);
        std::memcpy(o + 2, pairs[v & 0xfff].data(), 2);
        o += 4;
    }
    if (std::size_t left = b.size() - i) {
        std::uint32_t v = b[i] << 16 | (left == 2 ? b[i + 1] << 8 : 0);
        *o++ = alphabet[v >> 18];
        *o++ = alphabet[v >> 12 & 63];
        *o++ = left == 2 ? alphabet[v >> 6 & 63] : '=';
        *o++ = '=';
    }
    return out;
}

bool base64_decoder::feed(std::string_view text, bytes& out) {
    if (failed_) return false;
    const auto* p = reinterpret_cast<const unsigned char*>(text.data());
    const auto* const end = p + text.size();
    const std::size_t before = out.size();
    out.resize(before + text.size() / 4 * 3 + 3 + base64_overrun);
    const auto vectors = base64_block_decoders();
    std::uint8_t* o = out.data() + before;
    while (p != end) {
        while (held_count_ == 0 && !padded_ && end - p >= 4) {
            if (!vectors.empty()) {
                const std::size_t n = vectors.front().decode(p, static_cast<std::size_t>(end - p), o);
                p += n;
                o += n / 4 * 3;
                if (end - p < 4) break;
            }
            std::uint32_t v = first[p[0]] | second[p[1]] | third[p[2]] | fourth[p[3]];
            if (v & 0x80000000u) break;
            *o++ = static_cast<std::uint8_t>(v >> 16);
            *o++ = static_cast<std::uint8_t>(v >> 8);
            *o++ = static_cast<std::uint8_t>(v);
            p += 4;
        }
        if (p == end) break;
        std::uint8_t c = classes[*p++];
        if (c == space) continue;
        if (c == bad || (padded_ && (c != pad || held_count_ == 0)) || (c == pad && !padded_ && held_count_ < 2)) {
            failed_ = true;
            break;
        }
        if (c == pad) padded_ = true;
        held_[held_count_++] = c;
        if (held_count_ < 4) continue;
        held_count_ = 0;
        *o++ = static_cast<std::uint8_t>(held_[0] << 2 | held_[1] >> 4);
        if (held_[2] != pad) *o++ = static_cast<std::uint8_t>(held_[1] << 4 | held_[2] >> 2);
        if (held_[3] != pad) *o++ = static_cast<std::uint8_t>(held_[2] << 6 | held_[3]);
    }
    out.resize(static_cast<std::size_t>(o - out.data()));
    return !failed_;
}

std::optional<bytes> base64_decode(std::string_view text) {
    base64_decoder decoder;
    bytes out;
    if (!decoder.feed(text, out) || !decoder.finish()) return std::nullopt;
    return out;
}

} // namespace vanthu
