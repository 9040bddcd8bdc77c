// X.509 certificates and CRLs as values: parsed once, immutable, cheap to copy, safe to share between threads.
//
// Source: RFC 5280 (certificates, CRLs); RFC 7468 (PEM; any line length is read, see conf/trust/README.md).
#pragma once

#include "daemon/base/clock.hpp"
#include "signing/x509/errors.hpp"
#include "signing/x509/hash.hpp"

#include <compare>
#include <memory>

struct x509_st;     // OpenSSL's X509
struct X509_crl_st; // OpenSSL's X509_CRL
struct evp_pkey_st; // OpenSSL's EVP_PKEY

namespace vanthu::x509 {

enum class key_kind : std::uint8_t { rsa = 1, ec_p256, ec_p384, ed25519, other };

struct key_usage {
    bool present = false; // absent extension: every use is allowed (RFC 5280, 4.2.1.3)
    bool digital_signature = false, non_repudiation = false, key_cert_sign = false, crl_sign = false;
};

class certificate {
public:
    certificate() = default; // empty; test with `if (cert)`
    explicit operator bool() const { return parsed_ != nullptr; }

    // Precondition of everything below: not empty.
    const bytes& der() const;
    const digest& sha256() const;       // of the DER: the fingerprint that pins name
    const digest& spki_sha256() const;  // of the SubjectPublicKeyInfo: survives renewal with the same key
    const std::string& subject() const; // RFC 2253 order, UTF-8: "CN=...,O=...,C=VN"
    const std::string& issuer() const;
    const std::string& serial() const;      // hex, upper case, no leading zeros ("04", "FF303AE4E90AC1ED")
    const std::string& common_name() const; // last CN, "" if none
    const std::string& title() const;       // subject title, "" if none
    const std::vector<std::string>& organisations() const; // O then OU, in the order of the subject
    const std::vector<std::string>& san_uris() const;      // subjectAltName URIs
    const std::vector<std::string>& san_emails() const;
    const std::vector<std::string>& crl_urls() const;
    const std::vector<std::string>& ocsp_urls() const;
    const std::vector<std::string>& issuer_urls() const; // caIssuers: where the issuer's certificate is found
    timestamp not_before() const;
    timestamp not_after() const;
    const key_usage& usage() const;
    // Extended key usage as dotted OIDs; empty: the extension is absent. One that cannot be read is one unknown
    // purpose.
    const std::vector<std::string>& purposes() const;
    bool is_ca() const;
    bool self_issued() const; // subject equals issuer
    key_kind kind() const;
    unsigned key_bits() const;
    // Organisation code from a SAN URI `urn:vanthu:org:CODE`; "" if there is none.
    std::string organisation_code() const;
    std::string to_pem() const;

    x509_st* native() const;         // borrowed; never changed
    evp_pkey_st* public_key() const; // borrowed

    bool operator==(const certificate& other) const;

private:
    struct parsed;
    std::shared_ptr<const parsed> parsed_;
    friend result<certificate> parse_certificate(bytes_view);
};

// One certificate, DER or PEM (the first of a PEM text).
result<certificate> parse_certificate(bytes_view der_or_pem);
// Every certificate of a PEM text, or the one of a DER file. At least one, or errc::not_a_certificate.
result<std::vector<certificate>> parse_certificates(bytes_view der_or_pem);

// Do name, key identifiers and signature of `subject` say that this certificate's key signed it? Dates, CA flags and
// algorithms are not looked at.
bool is_issuer_of(const certificate& issuer, const certificate& subject);

class crl {
public:
    crl() = default;
    explicit operator bool() const { return parsed_ != nullptr; }
    const bytes& der() const;
    const digest& sha256() const; // of the DER
    const std::string& issuer() const;
    timestamp this_update() const;
    std::optional<timestamp> next_update() const;
    // About whom the list may speak (RFC 5280, 5.2.5; ITU-T X.509, 9.5.2.8).
    struct scope_of_list {
        bool usable = true; // false: indirect, delta, for some reasons only, or with critical extensions not understood
        bool only_users = false, only_cas = false;
        std::optional<std::vector<std::string>> points; // URLs, where the list names distribution points
        std::optional<timestamp> retained_since;        // certificates that expired after it stay listed
    };
    const scope_of_list& scope() const;
    int signature_hash() const; // NID
    struct entry {
        timestamp when;
        long reason; // CRLReason, 0 where none is named
    };
    std::optional<entry> find(const certificate& cert) const; // by serial number; the issuer is for the caller
    X509_crl_st* native() const;

private:
    struct parsed;
    std::shared_ptr<const parsed> parsed_;
    friend result<crl> parse_crl(bytes_view);
};

result<crl> parse_crl(bytes_view der_or_pem);

// Does `signature` over the hash value `hashed` verify with the certificate's key? ECDSA signatures are DER
// (RFC 3279, 2.2.3). pss: salt as long as the hash, MGF1 with the same hash (RFC 8017, 9.1).
enum class scheme : std::uint8_t { rsa_pkcs1 = 1, rsa_pss, ecdsa };
bool verify_hash(const certificate& signer, scheme s, hash h, bytes_view hashed, bytes_view signature);

// A token's raw r||s (also with short halves) as the DER of Ecdsa-Sig-Value; nullopt for an odd or impossible length.
std::optional<bytes> ecdsa_to_der(bytes_view raw);

} // namespace vanthu::x509
