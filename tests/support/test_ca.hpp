// A small PKI for tests and ./demo: root, sub CA, leaves with an organisation code, CRLs, a TSA that answers bytes with
// bytes. Made with OpenSSL and nothing of vanthu's own signing code, so that it can judge that code. Aborts on failure.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/clock.hpp"
#include "tests/support/temporary_directory.hpp"

#include <filesystem>
#include <memory>

struct x509_st;
struct evp_pkey_st;

namespace vanthu::test {

enum class test_key { rsa_1024, rsa_2048, rsa_3072, p256, p384, p521, ed25519 };

// A certificate with its key.
class identity {
public:
    bytes certificate_der() const;
    std::string certificate_pem() const;
    std::string key_pem() const; // PKCS#8, unencrypted
    std::string public_key_pem() const;
    bytes pkcs12(const std::string& password, const std::string& name = "key",
                 const std::vector<identity>& chain = {}) const;
    x509_st* certificate() const { return certificate_.get(); }
    evp_pkey_st* key() const { return key_.get(); }
    // Raw signature over a SHA-256 value: RSA PKCS#1 v1.5 (or PSS), ECDSA as DER.
    bytes sign_sha256(bytes_view hash, bool pss = false) const;

private:
    std::shared_ptr<x509_st> certificate_;
    std::shared_ptr<evp_pkey_st> key_;
    friend class test_ca;
    friend identity self_signed(const struct subject_spec&);
    friend identity load_identity(const std::filesystem::path&, const std::filesystem::path&);
};

enum class profile { ca, sub_ca, signer, service, tsa, ocsp }; // ocsp: delegated, with id-pkix-ocsp-nocheck

struct subject_spec {
    std::string common_name = "Test";
    std::string organisation{};      // O
    std::string title{};             // title of a leader, "" none
    std::string organisation_code{}; // SAN URI urn:vanthu:org:CODE, "" none
    profile use = profile::signer;   // service: TLS server and client on localhost and 127.0.0.1, and origin signatures
    test_key key = test_key::p256;
    timestamp not_before = from_us(1'704'067'200'000'000); // 2024-01-01
    timestamp not_after = from_us(2'019'686'400'000'000);  // 2034-01-01
    std::string hash = "SHA256";                           // hash of the certificate's own signature
    std::vector<std::string> extra_extensions{}; // "name=value" as in openssl.cnf, e.g. "keyUsage=critical,cRLSign"
    bool without_key_usage = false;
};

identity self_signed(const subject_spec& spec);
identity load_identity(const std::filesystem::path& certificate_pem, const std::filesystem::path& key_pem);

class test_ca {
public:
    // A root and a sub CA (P-256 by default), valid 2024 to 2034. With the URL of an authority_server the sub CA and
    // all that it issues say where their CRL, OCSP responder and issuer are found.
    explicit test_ca(const std::string& name = "Vanthu Test", test_key key = test_key::p256,
                     const std::string& url = "");
    const identity& root() const { return root_; }
    const identity& sub() const { return sub_; }

    identity issue(const subject_spec& spec) const; // by the sub CA
    static identity issue_by(const identity& issuer, const subject_spec& spec);

    struct revocation {
        x509_st* certificate;
        timestamp when;
        int reason = -1; // RFC 5280 CRLReason, -1 none
    };
    struct crl_spec {
        timestamp this_update = from_us(1'704'153'600'000'000); // 2024-01-02
        timestamp next_update = from_us(2'019'600'000'000'000); // 2033-12-31
        std::vector<revocation> revoked{};
    };
    static bytes crl_of(const identity& issuer, const crl_spec& spec);
    bytes root_crl() const { return crl_of(root_, {}); }
    bytes sub_crl() const { return crl_of(sub_, {}); }
    bytes sub_crl(const crl_spec& spec) const { return crl_of(sub_, spec); }

private:
    identity root_, sub_;
    std::string url_;
};

// An RFC 3161 responder: request in, reply out. `now` is the genTime it states.
struct tsa_behaviour {
    bool refuse = false;                     // answers "rejection"
    bool other_nonce = false;                // answers to another nonce
    bool other_imprint = false;              // stamps another hash
    int seconds = 0, millis = 0, micros = 0; // accuracy; all zero: none stated
};
bytes test_tsa(const identity& tsa, const std::vector<identity>& chain, bytes_view request, timestamp now,
               tsa_behaviour how = {});

// Runs a program without a shell and returns its exit code; its output (both streams) goes to `output`.
int run(const std::vector<std::string>& command, std::string* output = nullptr,
        const std::vector<std::string>& environment = {});

} // namespace vanthu::test
