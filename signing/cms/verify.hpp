// Verification of one CMS signature over detached content.
//
// Order of the checks (ETSI EN 319 102-1 V1.3.1, clauses 5.2 and 5.5): format, one signer, signing certificate, message
// digest, signature over the signed attributes, algorithms, time stamp, then the certificate path at best_time. The key
// is always that of the certificate whose path is validated; nothing else the message says about keys is used.
#pragma once

#include "signing/cms/timestamp.hpp"
#include "signing/verdict.hpp"
#include "signing/x509/path.hpp"

#include <functional>

namespace vanthu::cms {

// The digest of the content under the algorithm the message names. Called once. Content that is not there:
// answer with an empty value (SIGNED_DATA_NOT_FOUND).
using content_digest = std::function<bytes(x509::hash)>;

struct verify_policy {
    x509::revocation_rule revocation = x509::revocation_rule::required;
    // CAdES and ETSI.CAdES.detached need the attribute signing-certificate-v2; historic adbe.pkcs7.detached had none:
    // false makes its absence a remark ("cms.no_signing_certificate_attribute").
    bool require_signing_certificate = true;
    bool require_timestamp = false; // true: without a valid time stamp INDETERMINATE / NO_POE
    bool zero_padding = false;      // zero bytes after the message are the filling of a PDF /Contents
    // A signing time claimed outside the message (PDF /M); one inside the message goes first.
    std::optional<timestamp> claimed_time = std::nullopt;
};

struct cms_verdict {
    signing::verdict verdict = signing::verdict::indeterminate;
    signing::indication indication = signing::indication::indeterminate;
    std::string sub_indication;
    std::string level;        // "B-B", "B-T", "" for a plain CMS without signing-certificate-v2
    x509::certificate signer; // empty if it was not found
    std::vector<x509::certificate> embedded;
    std::string digest_algorithm, signature_algorithm; // "SHA-256", "RSASSA-PKCS1-v1_5" | "RSASSA-PSS" | "ECDSA"
    std::optional<timestamp> claimed_time;             // what the signer says; never used to judge in his favour
    timestamp best_time{};                             // time of a valid time stamp, otherwise `at`
    bool best_time_proven = false;                     // best_time comes from a valid time stamp
    std::optional<timestamp_verdict> time_stamp;
    x509::path_verdict path;
    std::vector<signing::finding> findings; // the path's and the time stamp's findings included
};

// Never fails and never throws: bytes that are no CMS are TOTAL-FAILED / FORMAT_FAILURE.
cms_verdict verify(bytes_view cms, const content_digest& content, const x509::trust_store& trust,
                   const x509::evidence& known, timestamp at, const verify_policy& policy = {});

} // namespace vanthu::cms
