#include "signing/x509/hash.hpp"

#include <cstdlib>
#include <openssl/evp.h>

namespace vanthu::x509 {
namespace {
struct row {
    hash h;
    std::string_view name, oid;
    std::size_t size;
};
constexpr row rows[] = {
    {hash::sha1, "SHA-1", "1.3.14.3.2.26", 20},
    {hash::sha256, "SHA-256", "2.16.840.1.101.3.4.2.1", 32},
    {hash::sha384, "SHA-384", "2.16.840.1.101.3.4.2.2", 48},
    {hash::sha512, "SHA-512", "2.16.840.1.101.3.4.2.3", 64},
};
const row& find(hash h) {
    for (const row& r : rows)
        if (r.h == h) return r;
    std::abort();
}
const EVP_MD* fetch(const char* algorithm) {
    const EVP_MD* md = EVP_MD_fetch(nullptr, algorithm, nullptr);
    if (!md) std::abort();
    return md;
}
} // namespace

std::string_view name(hash h) { return find(h).name; }
std::size_t size(hash h) { return find(h).size; }
std::string_view oid(hash h) { return find(h).oid; }

std::optional<hash> hash_from_oid(std::string_view dotted) {
    for (const row& r : rows)
        if (r.oid == dotted) return r.h;
    return std::nullopt;
}

const evp_md_st* native(hash h) {
    static const EVP_MD* const all[] = {fetch("SHA1"), fetch("SHA256"), fetch("SHA384"), fetch("SHA512")};
    return all[static_cast<int>(h) - 1];
}

bytes hash_of(hash h, bytes_view content) {
    bytes out(size(h));
    unsigned written = 0;
    if (EVP_Digest(content.data(), content.size(), out.data(), &written, native(h), nullptr) != 1) std::abort();
    return out;
}

bytes hash_of_pieces(hash h, std::span<const bytes_view> pieces) {
    bytes out(size(h));
    unsigned written = 0;
    EVP_MD_CTX* ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, native(h), nullptr) == 1;
    for (bytes_view piece : pieces) good = good && EVP_DigestUpdate(ctx, piece.data(), piece.size()) == 1;
    if (!good || EVP_DigestFinal_ex(ctx, out.data(), &written) != 1) std::abort();
    EVP_MD_CTX_free(ctx);
    return out;
}

} // namespace vanthu::x509
