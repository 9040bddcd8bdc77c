// CAdES baseline signatures (SignedData), made with any key that can sign a hash.
//
//   build_signature() [-> add_signer() ...] -> add_timestamp() -> cades/levels.hpp -> attach()
//
// A message is detached until attach() puts the content into it, which changes nothing else and may be done at any
// time.
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
    // sign() runs in this process and has verified, with the leaf's key, what it returns: not done once more then.
    bool verifies = false;
};

struct build_options {
    // The signing-time attribute; PAdES forbids it (EN 319 142-1, 6.3), CAdES asks for it.
    std::optional<timestamp> signing_time;
    bool embed_chain = true;
    std::string mime_type{};                        // of the content, as a hint for viewers; "" leaves it out
    std::optional<timestamp_token> content_stamp{}; // over the content: it existed before it was signed
};

// DER of a ContentInfo with SignedData: contentType, messageDigest, signingCertificateV2 and what the options ask for.
// errc::timestamp_mismatch: the content stamp is over something else. After a failure nothing was made; the signer may
// have been called once.
result<bytes> build_signature(const digest& content, const signer& who, const build_options& options = {});

// One more signer of the same content, beside the others and after them; nothing about the others changes.
// errc::content_differs: a signer that is there already signed something else.
result<bytes> add_signer(bytes_view cms, const digest& content, const signer& who, const build_options& options = {});

// Adds the token as id-aa-signatureTimeStampToken (EN 319 122-1, 5.3): B-B becomes B-T. The token must be over
// signature_imprint(cms, signer); otherwise errc::timestamp_mismatch. Signers count from 0; errc::no_such_signer.
result<bytes> add_timestamp(bytes_view cms, const timestamp_token& token, std::size_t signer = 0);
// What the time stamp request is about: SHA-256 of the signature value.
result<digest> signature_imprint(bytes_view cms, std::size_t signer = 0);

// The message with the content in it. errc::content_differs: it is not what was signed.
result<bytes> attach(bytes_view cms, bytes_view content);
// The same for content that is not in memory: the bytes in front of it and behind it. That the content is
// `content_size` long and what was signed is for the caller to see to. errc::over_budget from 4 GiB on, where readers
// stop.
struct around_content {
    bytes before, after;
};
result<around_content> attach_around(bytes_view cms, std::uint64_t content_size);
// The message without its content, and the content (views of `cms`; several pieces in BER); no content: errc::not_cms.
struct detached {
    bytes cms;
    std::vector<bytes_view> content;
    digest sha256() const;
};
result<detached> detach(bytes_view cms);

} // namespace vanthu::cms
