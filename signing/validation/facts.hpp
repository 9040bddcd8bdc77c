// What a signature format hands to the validation process: everything that only the format can know, and no judgement.
//
//   bytes ──signing/cades, pdf, xml──▶ signature_facts ──process.hpp: judge()──▶ conclusion ──▶ report.hpp
//
// A format reads its structure, compares hashes and checks the signature value with the signer's key; what is wrong
// there it states as objections. Certificates, revocation and times it passes on as found.
#pragma once

#include "signing/cms/timestamp.hpp"
#include "signing/validation/signature_policy.hpp"
#include "signing/verdict.hpp"
#include "signing/x509/path.hpp"

#include <vector>

namespace vanthu::validation {

enum class stamp_role : std::uint8_t {
    content = 1, // over the content, before the signature: a lower bound of its time
    signature,   // over the signature value
    archive,     // over the signature, everything embedded in it so far and all earlier stamps (a document time stamp)
};

struct time_stamp {
    stamp_role role = stamp_role::signature;
    bytes token;                 // DER
    cms::content_digest stamped; // what its imprint must be; an empty answer makes the stamp useless
    // archive: sha256() of each certificate, CRL and OCSP response that it covers; once the stamp is valid they count
    // as existing at its time. What is not listed exists since now (the signature, the certificate that it binds and
    // the tokens of earlier stamps with their certificates are covered in any case).
    std::vector<digest> covers{};
};

// A reason of the format against the signature.
struct objection {
    signing::indication indication = signing::indication::indeterminate; // total_failed or indeterminate
    std::string sub_indication;
    signing::finding what;
};

struct signature_facts {
    std::vector<objection> objections;     // none: structure, content and signature value agree with the signer's key
    std::vector<signing::finding> remarks; // without effect on the verdict
    x509::certificate signer;              // empty if it was not found
    bool binds_certificate = false;        // the signed part names the signer's certificate by hash (B-B)
    std::vector<x509::certificate> certificates;       // all that came along
    x509::evidence embedded;                           // revocation data that came along
    std::string digest_algorithm, signature_algorithm; // "SHA-256"; "RSASSA-PKCS1-v1_5" | "RSASSA-PSS" | "ECDSA"
    std::optional<timestamp> claimed_time;             // what the signer says; never used to judge in his favour
    std::optional<named_policy> signature_policy;      // of the signed part
    std::vector<time_stamp> stamps;                    // in the order in which they were made
};

} // namespace vanthu::validation
