// A PIN or passphrase in memory: locked in RAM where the limits allow, wiped when it goes, never copied by accident.
#pragma once

#include "daemon/base/bytes.hpp"

namespace vanthu::token {

class pin {
public:
    pin() = default;
    explicit pin(std::string_view text);
    // Takes the text of a PIN file: one trailing line end is not part of the PIN. The caller's buffer is wiped.
    static pin take(bytes& buffer);
    pin(pin&& other) noexcept;
    pin& operator=(pin&& other) noexcept;
    pin(const pin&) = delete;
    ~pin();

    pin clone() const; // on purpose
    std::string_view text() const { return {data_, size_}; }
    bool empty() const { return size_ == 0; }

private:
    char* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace vanthu::token
