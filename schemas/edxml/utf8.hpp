// UTF-8 as RFC 3629 has it, checked across pieces.
#pragma once

#include <cstdint>
#include <string_view>

namespace vanthu::edxml {

class utf8_checker {
public:
    bool feed(std::string_view piece) {
        for (char c : piece)
            if (!step(static_cast<unsigned char>(c))) return false;
        return true;
    }
    bool complete() const { return missing_ == 0; }

private:
    bool step(unsigned char c) {
        if (missing_ > 0) {
            if (c < low_ || c > high_) return false;
            low_ = 0x80, high_ = 0xBF, --missing_;
            return true;
        }
        if (c < 0x80) return true;
        if (c < 0xC2 || c > 0xF4) return false;
        missing_ = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
        low_ = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;  // no overlong form
        high_ = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF; // no surrogate, nothing above U+10FFFF
        return true;
    }
    unsigned missing_ = 0;
    std::uint8_t low_ = 0x80, high_ = 0xBF;
};

inline bool is_utf8(std::string_view text) {
    utf8_checker checker;
    return checker.feed(text) && checker.complete();
}

// Characters (code points) of a valid text.
inline std::size_t characters_of(std::string_view text) {
    std::size_t n = 0;
    for (char c : text) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return n;
}

} // namespace vanthu::edxml
