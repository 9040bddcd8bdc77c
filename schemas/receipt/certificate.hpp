// The little X.509 that receipts and origin signatures need: certificate chains, CA certificates, keys.
//
// A service certificate names its organisation in a SAN URI `urn:vanthu:org:CODE`. Revocation is not looked at here:
// whoever has evidence of it judges the verified value.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/clock.hpp"
#include "schemas/receipt/errors.hpp"

#include <atomic>
#include <memory>
#include <string>

typedef struct evp_pkey_st EVP_PKEY;

namespace vanthu::receipt {

// Whose a chain is that was found good; parsed once.
struct verified_signer {
    std::shared_ptr<EVP_PKEY> key;
    std::vector<std::string> organisations; // the CODEs of all its `urn:vanthu:org:CODE` URIs
    std::string subject;                    // "CN=..., O=..." for people to read
};

// The CA certificates one trusts. Copies share their content; verifying is thread-safe, adding is not.
//
// What was found good under them is remembered, as the same few services sign every document: chains by their exact
// bytes, with the time in which every certificate of the verified path is valid; signatures that come again. Nothing
// that failed is remembered, and nothing is good by memory that would not be found good anew. Memory: 256 entries each.
class trust_anchors {
public:
    trust_anchors();
    result<> add_pem(std::string_view pem); // one or more certificates; errc::malformed where there is none
    result<> add_der(bytes_view der);
    std::size_t size() const;

    // A chain that was found good before, for that time too; null says nothing about it.
    std::shared_ptr<const verified_signer> remembered(std::span<const bytes> chain, timestamp at) const;
    // Signatures by good chains, under a hash of all that was verified.
    bool remembers_signature(const digest& of) const;
    void remember_signature(const digest& of) const;

private:
    friend result<std::shared_ptr<const verified_signer>> verify_chain(std::span<const bytes>, const trust_anchors&,
                                                                       timestamp);
    struct state;
    std::shared_ptr<state> state_;
};

// Chain of DER certificates from PEM text, in the order given (the service certificate first).
result<std::vector<bytes>> certificates_from_pem(std::string_view pem);
// chain[0] is valid at `at`, may make digital signatures, and leads over the others to an anchor, all valid at `at`.
result<std::shared_ptr<const verified_signer>> verify_chain(std::span<const bytes> chain, const trust_anchors& anchors,
                                                            timestamp at);
// "CN=..., O=..." for people to read.
std::string subject_of(bytes_view certificate_der);

// The daemon's own service key. RSA 2048 bits or more, P-256, Ed25519; never the agency's key.
class service_key {
public:
    static result<service_key> from_pem(std::string_view pem); // PKCS#8 or traditional, not encrypted
    static result<service_key> from_pkey(EVP_PKEY* key);       // shares the key

    // rsa-pss-sha256 (default for RSA), rsa-pkcs1-sha256, ecdsa-p256-sha256, ed25519
    const std::string& algorithm() const { return algorithm_; }
    result<> choose_pkcs1(); // RSA only; else errc::unsupported_key
    result<bytes> sign(bytes_view message) const;
    // Remembers the last certificate that does: the daemon asks about the same one for every document. Any thread.
    bool belongs_to(bytes_view certificate_der) const;

private:
    std::shared_ptr<EVP_PKEY> key_;
    std::string algorithm_;
    // Of this key, so copies share it: the last certificate that was found to be the key's.
    std::shared_ptr<std::atomic<std::shared_ptr<const bytes>>> own_certificate_ =
        std::make_shared<std::atomic<std::shared_ptr<const bytes>>>();
};

// errc::signature_refused unless `signature` over `message` was made by the certificate's key with `algorithm`.
result<> verify_signature(bytes_view certificate_der, std::string_view algorithm, bytes_view message,
                          bytes_view signature);
result<> verify_signature(const verified_signer&, std::string_view algorithm, bytes_view message, bytes_view signature);

} // namespace vanthu::receipt
