#include "daemon/base/bytes.hpp"

#include <algorithm>
#include <cstdlib>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <utility>

namespace vanthu {

std::string to_hex(bytes_view b) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out(b.size() * 2, '\0');
    char* o = out.data();
    for (std::uint8_t byte : b) {
        *o++ = digits[byte >> 4];
        *o++ = digits[byte & 15];
    }
    return out;
}

std::optional<bytes> from_hex(std::string_view hex) {
    if (hex.size() % 2) return std::nullopt;
    bytes out(hex.size() / 2);
    // Without a branch a digit, and in pieces: compilers make vector instructions of both loops, and the value of a
    // signature in a PDF has tens of thousands of digits.
    std::uint8_t digits[256];
    for (std::size_t at = 0; at < hex.size(); at += sizeof digits) {
        const std::size_t n = std::min(sizeof digits, hex.size() - at);
        std::uint8_t bad = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const auto c = static_cast<std::uint8_t>(hex[at + i]);
            const auto digit = static_cast<std::uint8_t>(c - '0'), letter = static_cast<std::uint8_t>((c | 0x20) - 'a');
            digits[i] = digit < 10 ? digit : static_cast<std::uint8_t>(letter + 10);
            bad |= static_cast<std::uint8_t>((digit >= 10) & (letter >= 6));
        }
        if (bad) return std::nullopt;
        for (std::size_t i = 0; i < n / 2; ++i)
            out[at / 2 + i] = static_cast<std::uint8_t>(digits[2 * i] << 4 | digits[2 * i + 1]);
    }
    return out;
}

std::optional<digest> digest::from_hex(std::string_view hex) {
    auto raw = vanthu::from_hex(hex);
    if (!raw || raw->size() != 32) return std::nullopt;
    digest d;
    std::copy(raw->begin(), raw->end(), d.value.begin());
    return d;
}

namespace {

// One context a thread is kept for the next hash: making and freeing one takes longer than hashing a few hundred bytes.
thread_local EVP_MD_CTX* spare = nullptr;
thread_local bool thread_ends = false;

void keep_or_free(EVP_MD_CTX* ctx) {
    struct cleaner {
        ~cleaner() {
            EVP_MD_CTX_free(std::exchange(spare, nullptr));
            thread_ends = true;
        }
    };
    if (spare || thread_ends) return EVP_MD_CTX_free(ctx);
    thread_local cleaner at_the_end;
    spare = ctx;
}

} // namespace

struct sha256::state {
    EVP_MD_CTX* ctx = spare ? std::exchange(spare, nullptr) : EVP_MD_CTX_new();
    bool started = false;
    ~state() { keep_or_free(ctx); }
    void start() {
        if (started) return;
        started = true;
        static EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr); // fetched once: OpenSSL 3.0 threads collide in the fetch
        if (!ctx || !md || EVP_DigestInit_ex2(ctx, md, nullptr) != 1) std::abort();
    }
};

sha256::sha256() : state_(std::make_unique<state>()) {}
sha256::~sha256() = default;
sha256::sha256(sha256&&) noexcept = default;
sha256& sha256::operator=(sha256&&) noexcept = default;

sha256& sha256::update(bytes_view b) {
    state_->start();
    if (EVP_DigestUpdate(state_->ctx, b.data(), b.size()) != 1) std::abort();
    return *this;
}

digest sha256::finish() {
    digest d;
    unsigned size = 0;
    state_->start();
    if (EVP_DigestFinal_ex(state_->ctx, d.value.data(), &size) != 1 || size != 32) std::abort();
    state_->started = false;
    return d;
}

bytes random_bytes(std::size_t n) {
    bytes out(n);
    if (RAND_bytes(out.data(), static_cast<int>(n)) != 1) std::abort();
    return out;
}

} // namespace vanthu
