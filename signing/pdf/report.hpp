// Verifies the signatures of a PDF: the cryptography through signing/cms, and what was done to the file afterwards.
//
// For each signature
//   - ByteRange is exactly [0 a b c]; the gap is exactly the hex string that is this signature's own /Contents
//   - the signed revision is a complete PDF by itself and is opened by itself
//   - each later revision is compared with the one before it, object by object, and every byte of it is accounted for;
//     allowed are: further signatures, form fields filled where no signature locks them and a later signature covers
//     the filling, the document security store, document time stamps, and dates in the document information. Anything
//     else makes the signature invalid ("pdf.changed_after_signing"). An update in an odd spelling that shows no such
//     change is not determined ("pdf.update_unclear"): appended.hpp lists which oddity gets which verdict
//   - a field filled later is good only if a valid signature covers the filling, for number and date one of the
//     organisation of whoever approved first; who it is is a finding; a time stamp is nobody's word
//   - certificates and revocation data of the document security store count as embedded; document time stamps later
//     than a signature are its archive stamps. Level B-LTA: one of them covers that data too. Each is also an entry of
//     its own, judged for the time that the newer ones prove
//   - a file whose only signatures are document time stamps is unsigned ("pdf.only_time_stamp")
//   - the reader never repairs: what it would have to guess is a finding, and then nothing is valid
// Source: ISO 32000-2 12.8.2 (DocMDP, FieldMDP), ETSI EN 319 142-1, ETSI EN 319 102-1 (indications).
//
// Pure and thread-safe. Bounded by `budget`; exceeding it is the finding "budget" and the verdict indeterminate.
// Untrusted files belong into daemon/inspect, which adds limits on memory and time that a library cannot set for
// itself.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/clock.hpp"
#include "signing/validation/report.hpp"

namespace vanthu::pdf {

struct budget {
    std::size_t bytes = 256u << 20;
    std::size_t objects = 400'000;   // entries of the cross-reference
    std::size_t entries = 4'000'000; // the same, summed over the revisions opened
    std::size_t revisions = 64;      // after the first signature
    std::size_t signatures = 32;
    std::size_t fields = 20'000;
    int nesting = 60; // of fields and of objects
};

// The report, and what the verdicts rest on: what add_evidence() (long_term.hpp) is to put into the file.
struct examination {
    validation::file_report report;
    x509::evidence used;
    std::vector<x509::certificate> used_certificates;
};
examination examine_pdf(bytes_view file, const x509::trust_store& trust, const x509::evidence& known, timestamp at,
                        const validation::policy& policy = {}, const budget& limits = {},
                        x509::cache* memory = nullptr);

// Never fails and never throws: a file that is no PDF is indeterminate with the finding "pdf.not_a_pdf".
validation::file_report verify_pdf(bytes_view file, const x509::trust_store& trust, const x509::evidence& known,
                                   timestamp at, const validation::policy& policy = {}, const budget& limits = {},
                                   x509::cache* memory = nullptr);

// Whose organisation gives number and date, `field` being the one or the other: the first signature over a revision
// that has the field and that approves, by the name of its own field (profile_of_field(): made as `approved`, or by
// another program). Initials, comments and the like decide only where nobody approved. Index into the report's
// signatures; nullopt: no signed revision has the field.
std::optional<std::size_t> signature_that_numbers(bytes_view file, const std::string& field);

} // namespace vanthu::pdf
