// A PIN or passphrase in memory: locked in RAM where the limits allow, wiped when it goes, never copied by accident.
#pragma once

#include "daemon/base/bytes.hpp"

namespace vanthu::token {

class secret {
public:
    secret() = default;
    explicit secret(std::string_view text);
    // Takes the text of a PIN file: one trailing line end is not part of the PIN. The caller's buffer is wiped.
    static secret take(bytes& buffer);
    secret(secret&& other) noexcept;
    secret& operator=(secret&& other) noexcept;
    secret(const secret&) = delete;
    ~secret();

    secret clone() const; // on purpose
    std::string_view text() const { return {data_, size_}; }
    bool empty() const { return size_ == 0; }

private:
    char* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace vanthu::token
