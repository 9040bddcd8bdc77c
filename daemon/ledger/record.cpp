#include "daemon/ledger/record.hpp"

#include "daemon/ledger/big_endian.hpp"

#include <algorithm>
#include <cstdlib>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <zlib.h>

namespace vanthu::ledger {
namespace {
constexpr std::string_view magic = "VTPR";
constexpr std::uint8_t newest_version = 2, codec_stored = 0;
constexpr std::string_view derivation = "vanthu payload record 1";

struct free_cipher {
    void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
using cipher = std::unique_ptr<EVP_CIPHER_CTX, free_cipher>;

// Fetched once: fetching in every call makes threads collide in OpenSSL 3.0.
const EVP_CIPHER* aes_256_gcm() {
    static const EVP_CIPHER* fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    if (!fetched) std::abort();
    return fetched;
}

std::uint32_t checksum(std::string_view text) {
    return static_cast<std::uint32_t>(
        ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

// A key of its own per record, so that the chunk's position can serve as the nonce and never repeats under one key.
std::array<std::uint8_t, 32> derive(const payload_key& key, const payload_id& id) {
    static EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
    std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kdf), &EVP_KDF_CTX_free);
    char hash[] = "SHA256";
    std::string info(derivation);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<std::uint8_t*>(key.secret.data()),
                                          key.secret.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, const_cast<std::uint8_t*>(id.data()), id.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
        OSSL_PARAM_construct_end(),
    };
    std::array<std::uint8_t, 32> derived;
    if (!context || EVP_KDF_derive(context.get(), derived.data(), derived.size(), parameters) != 1) std::abort();
    return derived;
}

std::array<std::uint8_t, 12> position(std::uint32_t index, bool last) {
    std::array<std::uint8_t, 12> nonce{};
    nonce[7] = last ? 1 : 0;
    for (int i = 0; i < 4; ++i) nonce[8 + i] = static_cast<std::uint8_t>(index >> (24 - 8 * i));
    return nonce;
}

using chunk_tag = std::array<std::uint8_t, tag_length>;

const std::uint8_t* of(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

// Version 2: GMAC under a key that is no secret. It finds damage as surely as a hash and costs a tenth of one.
chunk_tag plain_tag(std::string_view bound, std::uint32_t index, bool last, bytes_view chunk) {
    static constexpr std::array<std::uint8_t, 32> no_secret{};
    const auto nonce = position(index, last);
    chunk_tag tag;
    std::uint8_t none[1];
    int n = 0;
    cipher c(EVP_CIPHER_CTX_new());
    bool made = c && EVP_EncryptInit_ex2(c.get(), aes_256_gcm(), no_secret.data(), nonce.data(), nullptr) == 1 &&
                EVP_EncryptUpdate(c.get(), nullptr, &n, of(bound), int(bound.size())) == 1 &&
                EVP_EncryptUpdate(c.get(), nullptr, &n, chunk.data(), int(chunk.size())) == 1 &&
                EVP_EncryptFinal_ex(c.get(), none, &n) == 1 &&
                EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, int(tag_length), tag.data()) == 1;
    if (!made) std::abort();
    return tag;
}

chunk_tag plain_tag_of_version_1(std::string_view bound, std::uint32_t index, bool last, bytes_view chunk) {
    digest d = sha256().update(bound).update(bytes_view(position(index, last))).update(chunk).finish();
    chunk_tag tag;
    std::copy_n(d.value.begin(), tag_length, tag.begin());
    return tag;
}
} // namespace

std::string record_header::encode() const {
    std::string out(magic);
    put_big_endian(out, version);
    put_big_endian(out, codec_stored);
    put_big_endian(out, algorithm);
    put_big_endian(out, std::uint8_t(0));
    put_big_endian(out, static_cast<std::uint32_t>(length()));
    put_big_endian(out, key_id);
    out.append(as_text(id));
    put_big_endian(out, plain_length);
    put_big_endian(out, stored_length());
    put_big_endian(out, committed_group);
    out.append(as_text(sha256.view()));
    put_big_endian(out, static_cast<std::uint32_t>(chunk_length));
    put_big_endian(out, static_cast<std::uint16_t>(tag_length));
    put_big_endian(out, static_cast<std::uint8_t>(owner.size()));
    out.append(owner);
    put_big_endian(out, checksum(out));
    return out;
}

std::optional<record_header> record_header::decode(std::string_view from) {
    if (from.size() < 100 || !from.starts_with(magic) || from[5] != codec_stored) return std::nullopt;
    record_header h;
    h.version = static_cast<std::uint8_t>(from[4]);
    if (h.version == 0 || h.version > newest_version) return std::nullopt;
    auto length = get_big_endian<std::uint32_t>(&from[8]);
    h.owner = from.substr(95, std::min<std::size_t>(static_cast<std::uint8_t>(from[94]), from.size() - 95));
    if (length != h.length() || length > from.size()) return std::nullopt;
    if (checksum(from.substr(0, length - 4)) != get_big_endian<std::uint32_t>(&from[length - 4])) return std::nullopt;
    h.algorithm = static_cast<std::uint8_t>(from[6]);
    h.key_id = get_big_endian<std::uint32_t>(&from[12]);
    std::copy_n(as_bytes(from).begin() + 16, h.id.size(), h.id.begin());
    h.plain_length = get_big_endian<std::uint64_t>(&from[32]);
    h.committed_group = get_big_endian<std::uint64_t>(&from[48]);
    std::copy_n(as_bytes(from).begin() + 56, 32, h.sha256.value.begin());
    if (h.algorithm > 1 || get_big_endian<std::uint32_t>(&from[88]) != chunk_length ||
        get_big_endian<std::uint16_t>(&from[92]) != tag_length)
        return std::nullopt;
    if (h.plain_length > (std::uint64_t(1) << 47) || h.stored_length() != get_big_endian<std::uint64_t>(&from[40]))
        return std::nullopt;
    return h;
}

chunk_codec::chunk_codec(const record_header& header, const payload_key* key)
    : version_(header.version), algorithm_(header.algorithm) {
    bound_ = std::string(magic) + std::string(as_text(header.id)) + header.owner;
    if (algorithm_ == 1) key_ = derive(*key, header.id);
}

void chunk_codec::seal(std::uint32_t index, bool last, bytes_view plain, std::string& append_to) const {
    if (algorithm_ == 0) {
        append_to.append(as_text(plain));
        append_to.append(as_text(version_ == 1 ? plain_tag_of_version_1(bound_, index, last, plain)
                                               : plain_tag(bound_, index, last, plain)));
        return;
    }
    auto nonce = position(index, last);
    std::size_t start = append_to.size();
    append_to.resize(start + plain.size() + tag_length);
    auto* out = reinterpret_cast<std::uint8_t*>(append_to.data() + start);
    cipher c(EVP_CIPHER_CTX_new());
    int n = 0;
    bool sealed = c && EVP_EncryptInit_ex2(c.get(), aes_256_gcm(), key_.data(), nonce.data(), nullptr) == 1 &&
                  EVP_EncryptUpdate(c.get(), nullptr, &n, reinterpret_cast<const std::uint8_t*>(bound_.data()),
                                    int(bound_.size())) == 1 &&
                  EVP_EncryptUpdate(c.get(), out, &n, plain.data(), int(plain.size())) == 1 &&
                  EVP_EncryptFinal_ex(c.get(), out + plain.size(), &n) == 1 &&
                  EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, int(tag_length), out + plain.size()) == 1;
    if (!sealed) std::abort();
}

bool chunk_codec::open(std::uint32_t index, bool last, std::span<std::uint8_t> sealed) const {
    if (sealed.size() < tag_length) return false;
    const auto content = sealed.first(sealed.size() - tag_length);
    const auto tag = sealed.last(tag_length);
    if (algorithm_ == 0) {
        const auto expected = version_ == 1 ? plain_tag_of_version_1(bound_, index, last, content)
                                            : plain_tag(bound_, index, last, content);
        return std::ranges::equal(expected, tag);
    }
    auto nonce = position(index, last);
    cipher c(EVP_CIPHER_CTX_new());
    int n = 0;
    std::uint8_t none[1];
    return c && EVP_DecryptInit_ex2(c.get(), aes_256_gcm(), key_.data(), nonce.data(), nullptr) == 1 &&
           EVP_DecryptUpdate(c.get(), nullptr, &n, reinterpret_cast<const std::uint8_t*>(bound_.data()),
                             int(bound_.size())) == 1 &&
           EVP_DecryptUpdate(c.get(), content.data(), &n, content.data(), int(content.size())) == 1 &&
           EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_SET_TAG, int(tag_length), tag.data()) == 1 &&
           EVP_DecryptFinal_ex(c.get(), none, &n) == 1;
}

} // namespace vanthu::ledger
