#include "signing/token/pin.hpp"

#include <algorithm>
#include <openssl/crypto.h>
#include <sys/mman.h>
#include <utility>

namespace vanthu::token {

pin::pin(std::string_view text) : data_(new char[text.size() + 1]), size_(text.size()) {
    ::mlock(data_, size_ + 1); // best effort: RLIMIT_MEMLOCK may forbid it
    std::copy_n(text.data(), size_, data_);
    data_[size_] = 0;
}

pin pin::take(bytes& buffer) {
    std::string_view text = as_text(buffer);
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    pin taken(text);
    OPENSSL_cleanse(buffer.data(), buffer.size());
    buffer.clear();
    return taken;
}

pin::pin(pin&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

pin& pin::operator=(pin&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

pin::~pin() {
    if (!data_) return;
    OPENSSL_cleanse(data_, size_ + 1);
    ::munlock(data_, size_ + 1);
    delete[] data_;
}

pin pin::clone() const { return pin(text()); }

} // namespace vanthu::token
