// Certificate path validation: PKIX (RFC 5280, section 6) under OpenSSL, then revocation, algorithms and dates by our
// own rules, at a time of the past where need be (ETSI EN 319 102-1 V1.3.1, clauses 5.2.6 and 5.6.2).
//
// Rules of the house
//   - a chain ends at an anchor that the caller trusts (it may be an intermediate); certificates that came with a
//     document only help to build it. Where several chains are possible (cross certificates, a CA's renewed key), all
//     are tried, up to a bound, and the best answer counts
//   - SHA-1 certificate signatures are refused except on certificates pinned by SHA-256 (the two G1 certificates of the
//     Government CA, of which one is an intermediate: domain fact, conf/trust/README.md)
//   - other algorithms by the caller's table (suite.hpp)
//   - CRLs and OCSP responses count alike: of those that are genuine, in scope and about the time in question the
//     latest speaks; a final revocation is never taken back, an OCSP "unknown" is never good
//   - no revocation data is never "good": the answer is INDETERMINATE / TRY_LATER unless the caller's rule says that
//     revocation is not required
//   - what a CA signed (certificates, CRLs, responders) must be proven to be older than the end of that CA's trust: its
//     expiry, its revocation, the end of its algorithm. Without such proof an object exists since now. Certificates of
//     the trust store exist since they say, because the operator vouches for them
//   - an anchor of a trust list counts for the kind of service and the times for which the list grants it; what it
//     signed must be proven to be older than the end of such a time (the sunset date of EN 319 102-1, 5.2.6)
//   - what a CA demands (policies, name constraints, path length, critical extensions) is kept
//   - no X509_V_FLAG_X509_STRICT: it rejects half of the old government chains
#pragma once

#include "signing/verdict.hpp"
#include "signing/x509/certificate.hpp"
#include "signing/x509/ocsp.hpp"
#include "signing/x509/suite.hpp"

#include <map>

namespace vanthu::x509 {

class cache; // cache.hpp

// When and for what an anchor is trusted, where a trust list says so (signing/trust_list).
struct anchor_terms {
    struct period {
        timestamp from, to; // to: the first moment that is no longer in it; timestamp::max(): still open
        bool operator==(const period&) const = default;
    };
    std::vector<period> documents, time_stamps; // for the signers of either
    timestamp known_until = timestamp::max();   // afterwards the list is outdated, and nothing is known
    bool operator==(const anchor_terms&) const = default;
};

// What the operator trusts.
struct trust_store {
    std::vector<certificate> anchors;
    std::vector<certificate> intermediates; // supplied because senders often embed only the leaf
    std::vector<digest> sha1_tolerated; // SHA-256 fingerprints of certificates whose own SHA-1 signature is accepted
    std::map<digest, anchor_terms> terms{}; // by sha256() of an anchor; without: trusted for everything at all times
    // Fetched for a verdict (need::kind::issuer): they help to build chains like those of a document, and nobody
    // vouches for them.
    std::vector<certificate> fetched{};
};

// The five certificates of the Government CA (domain/signing.md, section 1), as pins.
struct government_pin {
    std::string_view file;
    std::string_view sha256_hex;
    std::string_view common_name; // of the subject
    bool anchor;                  // false: intermediate
    bool sha1_tolerated;
};
std::span<const government_pin> government_pins();

// Sorts the content of certificate files into a store: self-issued CA certificates become anchors, other CA
// certificates intermediates, certificates that are no CA are refused (errc::not_a_ca). A certificate named like a
// pinned one of the Government CA must be that very certificate (errc::pin_mismatch); the pinned G1 certificates enter
// sha1_tolerated. What `only_between` holds becomes an intermediate whatever it is. Nothing is read from disk here.
result<trust_store> load_trust(const std::vector<bytes>& files, const std::vector<bytes>& only_between = {});

// An anchor of a trust list. Where it is an anchor already, wider terms stand: none (the operator's own file), or those
// of both lists together. errc::pin_mismatch as above.
result<> add_listed(trust_store& store, certificate cert, anchor_terms terms);

// What is known about revocation, from the document and from elsewhere.
struct evidence {
    std::vector<crl> crls;
    std::vector<ocsp_response> ocsp_responses;
    void add(const evidence& more); // without doubles
};

// What a verdict would need and did not find: whoever has a network asks the URLs of `subject` (caIssuers for an
// issuer, OCSP and CRL for revocation), adds what comes and judges again.
struct need {
    // newer_revocation: there is data that counts, but it is older than the signature. Nothing depends on it.
    enum class kind : std::uint8_t { issuer = 1, revocation, newer_revocation } what;
    certificate subject;
    certificate issuer; // for revocation; empty otherwise
    bool operator==(const need&) const = default;
};

enum class purpose : std::uint8_t {
    document_signature = 1, // no CA's; keyUsage and extended key usage, if present, are for it (unfit_for_documents)
    time_stamping,          // critical extended key usage timeStamping, alone (RFC 3161, 2.3)
    any,
};

enum class revocation_rule : std::uint8_t {
    required = 1, // every certificate below the anchor needs usable revocation data
    if_present,   // usable data counts, its absence does not
};

// Extended key usages under which documents are signed: any (RFC 5280, 4.2.1.12), document signing (RFC 9336, and those
// of Microsoft and Adobe from before it), e-mail, and client authentication: certificates on tokens commonly hold these
// two for signing and logging in, and a node's service certificate seals packets with it (contracts of the peer link).
std::vector<std::string> document_purposes();

// The operator's rules for a path.
struct path_rules {
    crypto_suite suite = crypto_suite::standard();
    // A signer's certificate with an extended key usage must have one of these (dotted OIDs); empty: any will do.
    std::vector<std::string> purposes = document_purposes();
    std::vector<std::string> acceptable_policies{}; // dotted OIDs of which the path must be valid for one; empty: any
    // Revocation data must not be older than this at the time in question; zero: it must be issued afterwards. Without
    // it the data's own validity period decides.
    std::optional<std::chrono::microseconds> max_revocation_age{};
    // A delegated OCSP responder without id-pkix-ocsp-nocheck needs a known status of its own, from a CRL of the CA.
    // true: an unknown one is only remarked.
    bool tolerate_unchecked_responder = false;
    bool operator==(const path_rules&) const = default;
};

// What is proven to have existed since when.
struct proofs {
    std::optional<timestamp> now{};      // time of validation; none: the time in question
    std::map<digest, timestamp> since{}; // by sha256() of a certificate, a CRL or an OCSP response; else since now
};

struct revocation_entry {
    timestamp when;
    std::string reason; // "keyCompromise", "superseded", ... ; "unspecified" where none is named
    bool of_leaf = true;
};

// What says that a certificate is not revoked.
struct status_data {
    timestamp this_update;
    evidence source;
};

struct path_verdict {
    signing::indication indication = signing::indication::indeterminate;
    std::string sub_indication;              // "" when passed
    std::vector<certificate> chain;          // leaf first, anchor last; as far as it could be built
    std::optional<revocation_entry> revoked; // also set when revocation came after `at`, which does no harm
    std::optional<status_data> leaf_status;  // where the leaf is known not to be revoked
    evidence used; // what the answer "not revoked" rests on; embedding it (and the chain) makes the answer repeatable
    std::vector<need> missing;
    // With TRY_LATER where newer data is announced for a time after now: when asking again may help.
    std::optional<timestamp> try_again;
    std::vector<signing::finding> findings;
    bool passed() const { return indication == signing::indication::total_passed; }
};

// Why nobody may sign documents with this certificate: the code of a finding, "" where one may.
std::string_view unfit_for_documents(const certificate& leaf, const path_rules& rules = {});

// Validates `leaf` for time `at`. Revocation before or at `at` is REVOKED_NO_POE (REVOKED_CA_NO_POE for a CA): whether
// the signature was older is for the caller to prove.
//
// Revocation data speaks about `at` when its validity period holds `at`, or when it was issued later while the
// certificate had not yet expired (or by an authority that keeps expired ones: archiveCutoff, expiredCertsOnCRL).
//
// With a cache the answer is the same, and comes sooner where certificates and evidence were seen before.
path_verdict validate_path(const certificate& leaf, const std::vector<certificate>& extra, const trust_store& trust,
                           const evidence& known, timestamp at, purpose why,
                           revocation_rule rule = revocation_rule::required, const path_rules& rules = {},
                           const proofs& proven = {}, cache* memory = nullptr);

} // namespace vanthu::x509
