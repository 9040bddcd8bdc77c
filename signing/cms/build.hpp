// CAdES baseline signatures (SignedData, detached), made with any key that can sign a hash.
//
// The content is never seen here: the caller hashes it (SHA-256) and passes the digest. The signer is a seam: a token,
// a PKCS#12 file or a remote service; it gets a SHA-256 value and answers with a signature over it. Every signature is
// verified with the certificate's public key before it leaves.
//
// Source: ETSI EN 319 122-1 V1.3.1, clauses 5.1-5.3 and 6 (B-B, B-T); RFC 5652, section 5; RFC 5035, section 3.
#pragma once

#include "signing/cms/errors.hpp"
#include "signing/cms/timestamp.hpp"
#include "signing/x509/certificate.hpp"

#include <functional>

namespace vanthu::cms {

using x509::scheme;

struct signer {
    x509::certificate leaf;
    std::vector<x509::certificate> chain; // above the leaf, embedded as given (the anchor may be left out)
    x509::scheme scheme = x509::scheme::rsa_pkcs1;
    // Signs one SHA-256 value. RSA: the signature; ECDSA: DER or the raw r||s of a token, both are taken.
    // May block; may be called from any thread unless its maker says otherwise.
    std::function<result<bytes>(bytes_view sha256_value)> sign;
};

struct build_options {
    // The signing-time attribute; PAdES forbids it (EN 319 142-1, 6.3), CAdES asks for it.
    std::optional<timestamp> signing_time;
    bool embed_chain = true;
};

// DER of a ContentInfo with SignedData: contentType, messageDigest, signingCertificateV2 and, if asked, signingTime.
// After a failure nothing was made; the signer may have been called once.
result<bytes> build_signature(const digest& content, const signer& who, const build_options& options = {});

// Adds the token as id-aa-signatureTimeStampToken (EN 319 122-1, 5.3): B-B becomes B-T. The token must be over
// signature_imprint(cms); otherwise errc::timestamp_mismatch.
result<bytes> add_timestamp(bytes_view cms, const timestamp_token& token);
// What the time stamp request is about: SHA-256 of the signature value.
result<digest> signature_imprint(bytes_view cms);

} // namespace vanthu::cms
