// Verification of one CMS signature (CAdES, and the CMS inside a PDF) over detached content.
//
// Order of the checks (ETSI EN 319 102-1 V1.3.1, clauses 5.2 and 5.5): format, one signer, signing certificate, message
// digest, signature over the signed attributes, algorithms; what then follows is the process that all formats share
// (signing/validation). The key is always that of the certificate whose path is validated; nothing else the message
// says about keys is used.
#pragma once

#include "signing/validation/process.hpp"

namespace vanthu::cades {

struct reading {
    // CAdES and ETSI.CAdES.detached need the attribute signing-certificate-v2; historic adbe.pkcs7.detached had none:
    // false makes its absence a remark ("cms.no_signing_certificate_attribute").
    bool require_signing_certificate = true;
    bool zero_padding = false; // zero bytes after the message are the filling of a PDF /Contents
    // A signing time claimed outside the message (PDF /M); one inside the message goes first.
    std::optional<timestamp> claimed_time = std::nullopt;
};

// `content` is asked once, for the digest under the algorithm the message names; an empty answer is
// SIGNED_DATA_NOT_FOUND. Never fails: bytes that are no CMS are the objection TOTAL-FAILED / FORMAT_FAILURE.
validation::signature_facts read_signature(bytes_view cms, const cms::content_digest& content, const reading& how = {});

} // namespace vanthu::cades
