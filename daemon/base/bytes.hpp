// Byte strings, hex and SHA-256.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vanthu {

using bytes = std::vector<std::uint8_t>;
using bytes_view = std::span<const std::uint8_t>;

inline bytes_view as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
inline std::string_view as_text(bytes_view b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }
inline bytes to_bytes(std::string_view text) { return bytes(as_bytes(text).begin(), as_bytes(text).end()); }

std::string to_hex(bytes_view b);                 // lower case
std::optional<bytes> from_hex(std::string_view);  // either case; nullopt for anything else

// A SHA-256 value. The names packet_sha256 and content_sha256 in this tree always mean one of these.
struct digest {
    std::array<std::uint8_t, 32> value{};
    auto operator<=>(const digest&) const = default;
    std::string hex() const { return to_hex(value); }
    bytes_view view() const { return value; }
    static std::optional<digest> from_hex(std::string_view hex64);
};

// Hashes as bytes arrive. After finish() the object starts anew.
class sha256 {
public:
    sha256();
    ~sha256();
    sha256(sha256&&) noexcept;
    sha256& operator=(sha256&&) noexcept;
    sha256& update(bytes_view b);
    sha256& update(std::string_view text) { return update(as_bytes(text)); }
    digest finish();
    static digest of(bytes_view b) { return sha256().update(b).finish(); }
    static digest of(std::string_view text) { return of(as_bytes(text)); }

private:
    struct state;
    std::unique_ptr<state> state_;
};

// n bytes from the operating system's generator; aborts where there is none.
bytes random_bytes(std::size_t n);

} // namespace vanthu
