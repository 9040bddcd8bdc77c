#include "signing/token/token.hpp"
#include "signing/x509/openssl.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>

namespace vanthu::token {
using namespace ossl;
namespace {

inline void free_certificates(STACK_OF(X509) * s) { sk_X509_pop_free(s, X509_free); }

result<x509::certificate> value_of(X509* cert) {
    unsigned char* out = nullptr;
    int size = i2d_X509(cert, &out);
    bytes der(out, out + (size > 0 ? size : 0));
    OPENSSL_free(out);
    return x509::parse_certificate(der);
}

// OpenSSL asks on the terminal where there is no callback: an encrypted PEM key must be an error instead.
int no_passphrase(char*, int, int, void*) { return -1; }

} // namespace

result<file_key> open_pkcs12(bytes_view file, const pin& passphrase) {
    const unsigned char* at = file.data();
    owned<PKCS12, PKCS12_free> p12(d2i_PKCS12(nullptr, &at, static_cast<long>(file.size())));
    if (!p12) return failed(errc::not_pkcs12, drain_errors());
    std::string_view text = passphrase.text();
    if (PKCS12_mac_present(p12.get()) != 1 ||
        PKCS12_verify_mac(p12.get(), text.empty() ? "" : text.data(), static_cast<int>(text.size())) != 1) {
        drain_errors();
        return failed(errc::passphrase_wrong);
    }
    EVP_PKEY* key = nullptr;
    X509* cert = nullptr;
    STACK_OF(X509)* others = nullptr;
    int parsed = PKCS12_parse(p12.get(), text.empty() ? "" : text.data(), &key, &cert, &others);
    pkey_ptr key_owner(key);
    x509_ptr cert_owner(cert);
    owned<STACK_OF(X509), free_certificates> others_owner(others);
    // OpenSSL picks out the certificate of the key; those of others stay behind.
    if (parsed == 1 && key && !cert && others && sk_X509_num(others) > 0) return failed(errc::key_of_another);
    if (parsed != 1 || !key || !cert) return failed(errc::not_pkcs12, drain_errors());
    file_key out;
    VANTHU_TRY(out.leaf, value_of(cert));
    for (int i = 0; others && i < sk_X509_num(others); ++i) {
        VANTHU_TRY(out.chain.emplace_back(), value_of(sk_X509_value(others, i)));
    }
    out.key.reset(key_owner.release(), EVP_PKEY_free);
    return out;
}

result<file_key> open_pem_key(bytes_view key_pem, bytes_view certificates_pem) {
    bio_ptr in(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
    pkey_ptr key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
    if (!key) return failed(errc::not_pkcs12, drain_errors());
    VANTHU_TRY(std::vector<x509::certificate> all, x509::parse_certificates(certificates_pem));
    file_key out;
    for (x509::certificate& c : all) {
        bool own = !out.leaf && c.public_key() && EVP_PKEY_eq(c.public_key(), key.get()) == 1;
        own ? void(out.leaf = c) : void(out.chain.push_back(c));
    }
    drain_errors();
    if (!out.leaf) return failed(errc::certificate_not_found, "no certificate of the file belongs to the key");
    out.key.reset(key.release(), EVP_PKEY_free);
    return out;
}

bytes private_key_der(const file_key& key) {
    owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(key.key.get()));
    unsigned char* out = nullptr;
    int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out) : 0;
    bytes der(out, out + (size > 0 ? size : 0));
    OPENSSL_clear_free(out, der.size());
    return der;
}

result<cms::signer> make_signer(const file_key& key, x509::scheme how) {
    bool ec = key.leaf.kind() == x509::key_kind::ec_p256 || key.leaf.kind() == x509::key_kind::ec_p384;
    if (how == x509::scheme::ecdsa ? !ec : key.leaf.kind() != x509::key_kind::rsa) return failed(errc::key_unfit);
    auto sign = [own = key.key, how](bytes_view hash) -> result<bytes> {
        pkey_ctx_ptr ctx(EVP_PKEY_CTX_new(own.get(), nullptr));
        bool ready = ctx && EVP_PKEY_sign_init(ctx.get()) == 1;
        if (ready && how == x509::scheme::rsa_pkcs1)
            ready = EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_PADDING) == 1;
        if (ready && how == x509::scheme::rsa_pss)
            ready = EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_PSS_PADDING) == 1 &&
                    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx.get(), RSA_PSS_SALTLEN_DIGEST) == 1;
        ready = ready && EVP_PKEY_CTX_set_signature_md(ctx.get(), x509::native(x509::hash::sha256)) == 1;
        bytes out(2048);
        std::size_t size = out.size();
        if (!ready || EVP_PKEY_sign(ctx.get(), out.data(), &size, hash.data(), hash.size()) != 1)
            return failed(errc::key_unfit, drain_errors());
        out.resize(size);
        return out;
    };
    return cms::signer{key.leaf, key.chain, how, std::move(sign)};
}

} // namespace vanthu::token
