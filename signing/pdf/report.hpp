// Verifies the signatures of a PDF: the cryptography through signing/cms, and what was done to the file afterwards.
//
// For each signature
//   - ByteRange is exactly [0 a b c]; the gap is exactly the hex string that is this signature's own /Contents
//   - the signed revision is a complete PDF by itself and is opened by itself
//   - each later revision is compared with the one before it, object by object, and every byte of it is accounted for;
//     allowed are: further signatures, form fields filled where no signature locks them and a later signature covers
//     the filling, the document security store, document time stamps, and dates in the document information. Anything
//     else makes the signature invalid ("pdf.changed_after_signing")
//   - the reader never repairs: what it would have to guess is a finding, and then nothing is valid
// Source: ISO 32000-2 12.8.2 (DocMDP, FieldMDP), ETSI EN 319 142-1, ETSI EN 319 102-1 (indications).
//
// Pure and thread-safe. Bounded by `budget`; exceeding it is the finding "budget" and the verdict indeterminate.
// Untrusted files belong into daemon/inspect, which adds limits on memory and time that a library cannot set for
// itself.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/clock.hpp"
#include "signing/cms/verify.hpp"
#include "signing/verdict.hpp"
#include "signing/x509/path.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vanthu::pdf {

struct budget {
    std::size_t bytes = 256u << 20;
    std::size_t objects = 400'000; // entries of the cross-reference
    std::size_t revisions = 64;    // after the first signature
    std::size_t signatures = 32;
    std::size_t fields = 20'000;
    int nesting = 60; // of fields and of objects
};

struct verify_policy {
    x509::revocation_rule revocation = x509::revocation_rule::required;
    bool require_timestamp = false;
};

struct signer_info {
    std::string subject, serial, organisation; // organisation: O of the subject
    std::string common_name;
    std::string organisation_code;  // urn:vanthu:org:CODE, "" if none
    std::string certificate_sha256; // hex, "" if no certificate was found
};

struct signature_report {
    std::string format =
        "pades";       // "pades" | "pkcs7" (historic adbe.pkcs7.detached) | "timestamp" (document time stamp)
    std::string level; // "B-B" | "B-T" | "" where no baseline level is met
    std::string field; // full name of the signature field
    signing::verdict verdict = signing::verdict::indeterminate;
    signing::indication indication = signing::indication::indeterminate;
    std::string sub_indication;
    signer_info signer;
    std::optional<timestamp> claimed_time; // what the signer says
    std::optional<timestamp> best_time;    // proven by a valid time stamp
    std::string covers = "part";           // "whole" | "revision" (a complete earlier revision) | "part" (neither)
    std::size_t covered_bytes = 0;
    std::vector<std::string>
        changes_after; // codes, in order, without repetition: "signature_added", "field_filled:NAME" ...
    std::vector<signing::finding> findings;
};

struct pdf_report {
    std::string file; // set by whoever knows the name
    signing::verdict verdict = signing::verdict::indeterminate;
    std::vector<signature_report> signatures; // in the order of the revisions they close
    std::vector<signing::finding> findings;   // about the file itself
};

// Never fails and never throws: a file that is no PDF is indeterminate with the finding "pdf.not_a_pdf".
// The verdict of the file: unsigned without signatures; invalid if any is; else indeterminate if any is, or if the file
// itself has a finding that forbids more; else valid.
pdf_report verify_pdf(bytes_view file, const x509::trust_store& trust, const x509::evidence& known, timestamp at,
                      const verify_policy& policy = {}, const budget& limits = {});

// The report as a JSON object (the shape of `vanthu verify --json`, one element of "files") and back.
std::string to_json(const pdf_report& report);
result<pdf_report> report_from_json(std::string_view json);

} // namespace vanthu::pdf
