#include "daemon/base/ids.hpp"

#include "daemon/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <mutex>

namespace vanthu {
namespace {

// Asking the generator costs a microsecond however little is asked for: a thread takes enough for many ids.
std::array<std::uint8_t, 8> eight_random() {
    thread_local bytes kept;
    if (kept.empty()) kept = random_bytes(512);
    std::array<std::uint8_t, 8> out;
    std::copy(kept.end() - 8, kept.end(), out.begin());
    kept.resize(kept.size() - 8);
    return out;
}

} // namespace

std::string new_id(timestamp now) {
    static std::mutex guard;
    static std::uint64_t last = 0; // 48 bits of milliseconds, 12 bits of counter
    std::uint64_t ms = static_cast<std::uint64_t>(to_us(now) / 1000) & 0xffffffffffffu;
    std::uint64_t ordered;
    {
        std::lock_guard lock(guard);
        ordered = std::max(ms << 12, last + 1);
        last = ordered;
    }
    const auto random = eight_random();
    packed_id raw;
    for (int i = 0; i < 6; ++i) raw[i] = static_cast<std::uint8_t>(ordered >> (12 + 8 * (5 - i)));
    raw[6] = static_cast<std::uint8_t>(0x70 | (ordered >> 8 & 0x0f));
    raw[7] = static_cast<std::uint8_t>(ordered);
    for (int i = 0; i < 8; ++i) raw[8 + i] = random[static_cast<std::size_t>(i)];
    raw[8] = static_cast<std::uint8_t>(0x80 | (raw[8] & 0x3f));
    return unpacked(raw);
}

bool is_id(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < 36; ++i) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (dash ? text[i] != '-' : !hex) return false;
    }
    return true;
}

std::optional<packed_id> packed(std::string_view id) {
    if (!is_id(id)) return std::nullopt;
    packed_id out{};
    std::size_t digit = 0;
    for (char c : id) {
        if (c == '-') continue;
        const auto nibble = static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
        out[digit / 2] = static_cast<std::uint8_t>(digit % 2 ? out[digit / 2] | nibble : nibble << 4);
        ++digit;
    }
    return out;
}

std::string unpacked(const packed_id& id) {
    std::string text = to_hex(id);
    for (std::size_t at : {8u, 13u, 18u, 23u}) text.insert(at, 1, '-');
    return text;
}

} // namespace vanthu
