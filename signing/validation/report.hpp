// What a verifier reports about a file: one shape for every format, in memory and as JSON.
#pragma once

#include "signing/validation/errors.hpp"
#include "signing/validation/process.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vanthu::validation {

struct signer_info {
    std::string subject, serial, organisation; // organisation: O of the subject
    std::string common_name;
    std::string organisation_code;   // urn:vanthu:org:CODE, "" if none
    std::string certificate_sha256;  // hex, "" if no certificate was found
    std::string issuer{};            // of the certificate, as subject
    std::string public_key_sha256{}; // hex, of the SubjectPublicKeyInfo: what a registry knows a person by
};

struct stamp_report {
    stamp_role role = stamp_role::signature;
    signing::indication indication = signing::indication::indeterminate;
    std::string sub_indication;
    std::optional<timestamp> time; // as stated by the stamp, also when it is not valid
    std::string authority;         // subject of its certificate
};

struct signature_report {
    // "pades" | "pkcs7" (historic adbe.pkcs7.detached) | "timestamp" (document time stamp) | "cades" | "xades" |
    // "xmldsig"
    std::string format;
    std::string level; // "B-B" | "B-T" | "B-LT" | "B-LTA" | "" where no baseline level is met
    std::string field; // PDF: full name of the signature field; XML: Id of the signature; archive: its file
    signing::verdict verdict = signing::verdict::indeterminate;
    signing::indication indication = signing::indication::indeterminate;
    std::string sub_indication;
    signer_info signer;
    std::string digest_algorithm, signature_algorithm;
    std::optional<timestamp> claimed_time; // what the signer says
    std::optional<named_policy> signature_policy;
    bool signature_policy_known = false; // among those that the operator knows
    std::optional<timestamp> best_time;  // proven by a valid time stamp
    std::optional<timestamp> try_again;  // with TRY_LATER: newer revocation data is announced for then
    std::vector<stamp_report> stamps;
    std::vector<std::string> chain; // SHA-256 of the certificates, hex, signer first
    std::string covers = "part";    // "whole" | "revision" (a complete earlier revision) | "part" (neither)
    std::size_t covered_bytes = 0;
    std::vector<std::string>
        changes_after; // codes, in order, without repetition: "signature_added", "field_filled:NAME" ...
    std::vector<signing::finding> findings;
    // The doubt may go away by itself: revocation data is missing or not yet new enough (EN 319 102-1, table 6).
    bool transient() const {
        return indication == signing::indication::indeterminate && sub_indication == signing::sub::try_later;
    }
};

struct file_report {
    std::string file; // set by whoever knows the name
    signing::verdict verdict = signing::verdict::indeterminate;
    std::vector<signature_report> signatures; // in the order in which they were made, where the format knows it
    std::vector<signing::finding> findings;   // about the file itself
    std::vector<x509::need> missing;          // what more evidence would help
};

// Fills everything that the process decides: verdict, level, times, signer, stamps, findings. Objections that the
// format adds later go through object().
signature_report report_of(const signature_facts& facts, const conclusion& judged);
void describe(const x509::certificate& who, signer_info& out);
// One more reason against a signature: the worst indication wins, of equal ones the first.
void object(signature_report& report, const objection& against);

// Does `who` sign for the organisation that `first` belongs to? The organisation codes say it where both certificates
// have one; else the same organisation (O) in both, or a certificate in the organisation's own name (CN). Nobody
// belongs to the organisation of a certificate that names none, but its own holder.
bool acts_for_organisation_of(const signer_info& who, const signer_info& first);

// Holds every signature (document time stamps are none) against policy::signature: what a signature lacks makes it
// INDETERMINATE / SIG_CONSTRAINTS_FAILURE with the finding "policy.format", "policy.level" or "policy.claimed_time",
// and the file indeterminate unless it is invalid anyway.
void enforce(file_report& report, const signature_rules& rules);

// invalid if any signature is; else indeterminate if any is or the file itself has findings; else unsigned where there
// is none or nothing but time stamps, which anybody can have made and which are nobody's word; else valid.
signing::verdict overall(const std::vector<signature_report>& signatures,
                         const std::vector<signing::finding>& about_file);

// The report as a JSON object (the shape of `vanthu verify --json`, one element of "files") and back. Who reads many
// passes a cache: the certificates of `missing` are parsed, which takes longer than all the rest.
std::string to_json(const file_report& report);
result<file_report> report_from_json(std::string_view json, x509::cache* memory = nullptr);

} // namespace vanthu::validation
