#include "daemon/base/secret.hpp"

#include <openssl/crypto.h>

namespace vanthu {

secret::secret(secret&& other) noexcept : value_(other.value_) { other.wipe(); }

secret& secret::operator=(secret&& other) noexcept {
    if (this == &other) return *this;
    wipe();
    value_ = other.value_; // copied, not moved: a moved-from short string keeps its characters
    other.wipe();
    return *this;
}

bool secret::equals(std::string_view other) const {
    return value_.size() == other.size() && CRYPTO_memcmp(value_.data(), other.data(), other.size()) == 0;
}

void secret::wipe() noexcept {
    OPENSSL_cleanse(value_.data(), value_.size());
    value_.clear();
}

} // namespace vanthu
