// Reading CMS signatures (CAdES, and the CMS inside a PDF) for the validation process.
//
// Order of the checks (ETSI EN 319 102-1 V1.3.1, clauses 5.2 and 5.5): format, signing certificate, message digest,
// signature over the signed attributes, algorithms; what then follows is the process that all formats share
// (signing/validation). The key is always that of the certificate whose path is validated; nothing else the message
// says about keys is used.
//
// Time stamps: content time stamps, signature time stamps, and archive-time-stamp-v3 as far as its index names what it
// claims to cover. One that does not cover an earlier one counts for the signature only, not for what is older.
// Archive time stamps of versions 1 and 2 and countersignatures are named in a remark and not evaluated.
#pragma once

#include "signing/cms/parts.hpp"
#include "signing/validation/process.hpp"
#include "signing/validation/report.hpp"

namespace vanthu::cades {

struct reading {
    // CAdES and ETSI.CAdES.detached need the attribute signing-certificate-v2; historic adbe.pkcs7.detached had none:
    // false makes its absence a remark ("cms.no_signing_certificate_attribute").
    bool require_signing_certificate = true;
    bool zero_padding = false; // zero bytes after the message are the filling of a PDF /Contents
    // A signing time claimed outside the message (PDF /M); one inside the message goes first.
    std::optional<timestamp> claimed_time = std::nullopt;
    bool content_inside = false; // the message may carry its content, which then goes before `content`
    cms::budget limits{};
    x509::cache* memory = nullptr; // see signing/x509/cache.hpp
    // The message stands in hexadecimal digits in a PDF, which alone is the file: what it carries unsigned is no file's
    // beginning, end or object to anybody. Elsewhere that must be what belongs there ("cms.unsigned_content").
    bool in_pdf() const { return zero_padding; }
};

// `content` answers with the digest under the algorithm asked for: that of the message and those of its archive time
// stamps; an empty answer is SIGNED_DATA_NOT_FOUND. It is not asked after the return. Never fails: bytes that are no
// CMS, or not with exactly one signer, are the objection TOTAL-FAILED / FORMAT_FAILURE; a message beyond the limits is
// the objection INDETERMINATE with the finding "budget".
validation::signature_facts read_signature(bytes_view cms, const cms::content_digest& content, const reading& how = {});
// The same for any number of signers, in the order in which they stand. At least one element: a message without
// signers, or one that cannot be read, is one element with the objection.
std::vector<validation::signature_facts> read_signatures(bytes_view cms, const cms::content_digest& content,
                                                         const reading& how = {});

// A CAdES file (.p7s, .p7m) judged: each signer one signature. `content` may be empty where the message carries it.
validation::file_report verify(bytes_view cms, const cms::content_digest& content, const x509::trust_store& trust,
                               const x509::evidence& known, timestamp at, const validation::policy& policy = {},
                               const cms::budget& limits = {}, x509::cache* memory = nullptr);

} // namespace vanthu::cades
