#include "tests/support/test_ca.hpp"

#include "tests/support/test_authority.hpp"

#include <cstdio>
#include <cstdlib>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace vanthu::test {
namespace {

void must(bool good, const char* what) {
    if (good) return;
    std::fprintf(stderr, "test PKI: %s failed\n", what);
    ERR_print_errors_fp(stderr);
    std::abort();
}

template <class T> T* must(T* p, const char* what) {
    must(p != nullptr, what);
    return p;
}

std::string text_of(BIO* out) {
    char* text = nullptr;
    long size = BIO_get_mem_data(out, &text);
    std::string all(text, static_cast<std::size_t>(size));
    BIO_free(out);
    return all;
}

template <class T, class I2d> bytes der_of(T* object, I2d i2d) {
    unsigned char* out = nullptr;
    int size = i2d(object, &out);
    must(size > 0, "i2d");
    bytes der(out, out + size);
    OPENSSL_free(out);
    return der;
}

EVP_PKEY* make_key(test_key kind) {
    switch (kind) {
    case test_key::rsa_1024:
        return EVP_RSA_gen(1024);
    case test_key::rsa_2048:
        return EVP_RSA_gen(2048);
    case test_key::rsa_3072:
        return EVP_RSA_gen(3072);
    case test_key::p256:
        return EVP_EC_gen("P-256");
    case test_key::p384:
        return EVP_EC_gen("P-384");
    case test_key::p521:
        return EVP_EC_gen("P-521");
    case test_key::ed25519:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    }
    return nullptr;
}

void add_name(X509_NAME* name, const char* field, const std::string& value) {
    if (!value.empty())
        must(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                        reinterpret_cast<const unsigned char*>(value.data()),
                                        static_cast<int>(value.size()), -1, 0) == 1,
             field);
}

void add_extension(X509V3_CTX* ctx, X509* cert, const std::string& name, const std::string& value) {
    X509_EXTENSION* extension = must(X509V3_EXT_nconf(nullptr, ctx, name.c_str(), value.c_str()), name.c_str());
    must(X509_add_ext(cert, extension, -1) == 1, "X509_add_ext");
    X509_EXTENSION_free(extension);
}

void add_profile(X509V3_CTX* ctx, X509* cert, const subject_spec& spec) {
    auto add = [&](const char* name, const std::string& value) { add_extension(ctx, cert, name, value); };
    std::string usage, names = spec.organisation_code.empty() ? "" : "URI:urn:vanthu:org:" + spec.organisation_code;
    switch (spec.use) {
    case profile::ca:
    case profile::sub_ca:
        add("basicConstraints", spec.use == profile::ca ? "critical,CA:TRUE" : "critical,CA:TRUE,pathlen:0");
        usage = "critical,keyCertSign,cRLSign";
        break;
    case profile::signer:
        usage = "critical,digitalSignature,nonRepudiation";
        break;
    case profile::service:
        usage = "critical,digitalSignature";
        add("extendedKeyUsage", "serverAuth,clientAuth");
        names += std::string(names.empty() ? "" : ",") + "DNS:localhost,IP:127.0.0.1";
        break;
    case profile::tsa:
        usage = "critical,digitalSignature";
        add("extendedKeyUsage", "critical,timeStamping");
        break;
    case profile::ocsp:
        usage = "critical,digitalSignature";
        add("extendedKeyUsage", "OCSPSigning");
        add("noCheck", "ignored");
        break;
    }
    if (spec.use != profile::ca && spec.use != profile::sub_ca) add("basicConstraints", "CA:FALSE");
    if (!spec.without_key_usage) add("keyUsage", usage);
    if (!names.empty()) add("subjectAltName", names);
    add("subjectKeyIdentifier", "hash");
    add("authorityKeyIdentifier", "keyid");
    for (const std::string& line : spec.extra_extensions) {
        std::size_t equals = line.find('=');
        add(line.substr(0, equals).c_str(), line.substr(equals + 1));
    }
}

// `issuer` without certificate: self-signed.
X509* make_certificate(const subject_spec& spec, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
    X509* cert = must(X509_new(), "X509_new");
    bytes serial = random_bytes(12);
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7f) | 0x40);
    BIGNUM* number = BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
    BN_free(number);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_TIME_set(X509_getm_notBefore(cert), std::chrono::system_clock::to_time_t(spec.not_before));
    ASN1_TIME_set(X509_getm_notAfter(cert), std::chrono::system_clock::to_time_t(spec.not_after));
    X509_NAME* name = X509_get_subject_name(cert);
    add_name(name, "C", "VN");
    add_name(name, "O", spec.organisation);
    add_name(name, "title", spec.title);
    add_name(name, "CN", spec.common_name);
    X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : name);
    X509_set_pubkey(cert, key);
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer ? issuer : cert, cert, nullptr, nullptr, 0);
    add_profile(&ctx, cert, spec);
    const EVP_MD* md = EVP_PKEY_is_a(issuer_key, "ED25519") ? nullptr : EVP_get_digestbyname(spec.hash.c_str());
    must(X509_sign(cert, issuer_key, md) > 0, "X509_sign");
    // Read back, so that the encoding held is the one that others see.
    bytes der = der_of(cert, i2d_X509);
    X509_free(cert);
    const unsigned char* at = der.data();
    return must(d2i_X509(nullptr, &at, static_cast<long>(der.size())), "d2i_X509");
}

} // namespace

bytes identity::certificate_der() const { return der_of(certificate(), i2d_X509); }

std::string identity::certificate_pem() const {
    BIO* out = BIO_new(BIO_s_mem());
    must(PEM_write_bio_X509(out, certificate()) == 1, "PEM_write_bio_X509");
    return text_of(out);
}

std::string identity::key_pem() const {
    BIO* out = BIO_new(BIO_s_mem());
    must(PEM_write_bio_PKCS8PrivateKey(out, key(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "PEM_write_bio_PKCS8PrivateKey");
    return text_of(out);
}

std::string identity::public_key_pem() const {
    BIO* out = BIO_new(BIO_s_mem());
    must(PEM_write_bio_PUBKEY(out, key()) == 1, "PEM_write_bio_PUBKEY");
    return text_of(out);
}

bytes identity::pkcs12(const std::string& password, const std::string& name, const std::vector<identity>& chain) const {
    STACK_OF(X509)* others = sk_X509_new_null();
    for (const identity& i : chain) sk_X509_push(others, i.certificate());
    PKCS12* file = must(PKCS12_create(password.c_str(), name.c_str(), key(), certificate(), others, 0, 0, 0, 0, 0),
                        "PKCS12_create");
    sk_X509_free(others);
    bytes der = der_of(file, i2d_PKCS12);
    PKCS12_free(file);
    return der;
}

bytes identity::sign_sha256(bytes_view hash, bool pss) const {
    EVP_PKEY_CTX* ctx = must(EVP_PKEY_CTX_new(key(), nullptr), "EVP_PKEY_CTX_new");
    must(EVP_PKEY_sign_init(ctx) == 1, "EVP_PKEY_sign_init");
    if (EVP_PKEY_is_a(key(), "RSA")) {
        EVP_PKEY_CTX_set_rsa_padding(ctx, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING);
        if (pss) EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST);
    }
    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256());
    bytes out(1024);
    std::size_t size = out.size();
    must(EVP_PKEY_sign(ctx, out.data(), &size, hash.data(), hash.size()) == 1, "EVP_PKEY_sign");
    EVP_PKEY_CTX_free(ctx);
    out.resize(size);
    return out;
}

identity self_signed(const subject_spec& spec) {
    identity who;
    who.key_.reset(must(make_key(spec.key), "key generation"), EVP_PKEY_free);
    who.certificate_.reset(make_certificate(spec, who.key(), nullptr, who.key()), X509_free);
    return who;
}

identity load_identity(const std::filesystem::path& certificate_pem, const std::filesystem::path& key_pem) {
    auto open = [](const std::filesystem::path& path) { return must(BIO_new_file(path.c_str(), "r"), path.c_str()); };
    BIO *cert = open(certificate_pem), *key = open(key_pem);
    identity who;
    who.certificate_.reset(must(PEM_read_bio_X509(cert, nullptr, nullptr, nullptr), "reading the certificate"),
                           X509_free);
    who.key_.reset(must(PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr), "reading the key"), EVP_PKEY_free);
    BIO_free(cert);
    BIO_free(key);
    return who;
}

identity test_ca::issue_by(const identity& issuer, const subject_spec& spec) {
    identity who;
    who.key_.reset(must(make_key(spec.key), "key generation"), EVP_PKEY_free);
    who.certificate_.reset(make_certificate(spec, who.key(), issuer.certificate(), issuer.key()), X509_free);
    return who;
}

test_ca::test_ca(const std::string& name, test_key key, const std::string& url)
    : root_(self_signed({.common_name = name + " Root", .organisation = name, .use = profile::ca, .key = key})),
      url_(url) {
    subject_spec below{.common_name = name + " Sub", .organisation = name, .use = profile::sub_ca, .key = key};
    if (!url_.empty()) below.extra_extensions = authority_urls(url_, "root");
    sub_ = issue_by(root_, below);
}

identity test_ca::issue(const subject_spec& spec) const {
    subject_spec full = spec;
    if (!url_.empty() && spec.use != profile::ocsp)
        for (std::string& line : authority_urls(url_, "sub")) full.extra_extensions.push_back(std::move(line));
    return issue_by(sub_, full);
}

bytes test_ca::crl_of(const identity& issuer, const crl_spec& spec) {
    X509_CRL* crl = must(X509_CRL_new(), "X509_CRL_new");
    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer.certificate()));
    auto set_time = [](timestamp t) {
        return must(ASN1_TIME_set(nullptr, std::chrono::system_clock::to_time_t(t)), "time");
    };
    ASN1_TIME* issued = set_time(spec.this_update);
    ASN1_TIME* next = set_time(spec.next_update);
    X509_CRL_set1_lastUpdate(crl, issued);
    X509_CRL_set1_nextUpdate(crl, next);
    for (const revocation& entry : spec.revoked) {
        X509_REVOKED* revoked = must(X509_REVOKED_new(), "X509_REVOKED_new");
        X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(entry.certificate));
        ASN1_TIME* when = set_time(entry.when);
        X509_REVOKED_set_revocationDate(revoked, when);
        ASN1_TIME_free(when);
        if (entry.reason >= 0) {
            ASN1_ENUMERATED* reason = ASN1_ENUMERATED_new();
            ASN1_ENUMERATED_set(reason, entry.reason);
            X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason, 0, 0);
            ASN1_ENUMERATED_free(reason);
        }
        X509_CRL_add0_revoked(crl, revoked);
    }
    ASN1_INTEGER* number = ASN1_INTEGER_new();
    ASN1_INTEGER_set(number, 1);
    X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0);
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(issued);
    ASN1_TIME_free(next);
    X509_CRL_sort(crl);
    must(X509_CRL_sign(crl, issuer.key(), EVP_sha256()) > 0, "X509_CRL_sign");
    bytes der = der_of(crl, i2d_X509_CRL);
    X509_CRL_free(crl);
    return der;
}

} // namespace vanthu::test
