// The validation process that all formats share. Source: ETSI EN 319 102-1 V1.3.1, clauses 5.3 (basic), 5.5 (with time)
// and 5.6 (with archival data).
//
// Order
//   - objections of the format
//   - the signature policy that the signer names, against those that the operator knows (5.2.4, signature_policy.hpp)
//   - time stamps from the newest to the oldest, each judged for the time at which it is proven to have existed. A
//     valid archive stamp moves that time back for all that it covers: the signature, older stamps, certificates, CRLs
//     and OCSP responses (existence.hpp). So a TSA or a CA may have expired, or an algorithm fallen, since
//   - algorithms of the signature and the certificate path for the earliest time at which the signature is proven to
//     have existed (best_time)
// A proof of existence comes only from a time stamp that is itself valid; what the signer claims counts only against
// him.
//
// Freshness of revocation data (5.2.5): data counts for the time that the policy sets or, without, for as long as it
// says itself; the standard does not ask for data issued after the signature. So a certificate revoked this morning
// stays good until an answer of yesterday ends. Where the data about the signer did not come with the signature and is
// older than best_time, newer data is therefore named as wanted (need::kind::newer_revocation): whoever has a network
// asks. For a signature without a proven time best_time is now; the claimed time would let a thief choose what is
// asked. Data older than the signature (its proven, else its claimed time) is remarked as x509.revocation_older and
// still counts.
//
// Times of stamps contradict each other where they differ by more than their accuracies allow (cms::surely_after).
//
// Where it is stricter or simpler than the standard: revocation data must be about best_time (5.5.4) also in the past
// validation of 5.6.2.4, instead of moving the control time to its issue; a TSA certificate revoked for whatever reason
// spoils the tokens that are not proven to be older.
//
// Pure: no network, clock or configuration. What was missing is named, so that a caller with a network can fetch it and
// judge again. Never fails: a verdict is a value.
#pragma once

#include "signing/validation/facts.hpp"

namespace vanthu::validation {

// What a signature itself must be, besides valid (EN 319 102-1, 5.2.8.4.2.4: signature elements constraints).
struct signature_rules {
    std::vector<std::string> formats{}; // as signature_report::format has them; empty: all
    std::string minimum_level{};        // "B-T"; "": none is demanded
    bool require_claimed_time = false;
    bool operator==(const signature_rules&) const = default;
};

struct policy {
    x509::revocation_rule revocation = x509::revocation_rule::required;
    bool require_timestamp = false; // true: without a proven time INDETERMINATE / NO_POE
    x509::path_rules rules{};       // accepted algorithms, certificate policies, freshness of revocation data
    signature_policy_rules signature_policies{};
    signature_rules signature{}; // judged by enforce() (report.hpp), not by judge()
    bool operator==(const policy&) const = default;
};

struct stamp_verdict {
    stamp_role role = stamp_role::signature;
    cms::timestamp_verdict verdict;
};

struct conclusion {
    signing::indication indication = signing::indication::indeterminate;
    std::string sub_indication;
    // "B-B", "B-T", "B-LT", "B-LTA"; "" where the signed part does not bind the certificate. B-T and above need valid
    // stamps; B-LT: chain and revocation data that the verdict rests on came with the signature; B-LTA: a valid archive
    // stamp covers such data.
    std::string level;
    timestamp best_time{};               // the earliest proven time, otherwise `at`
    bool signature_policy_known = false; // the signer names one, and it is among those that the policy knows
    bool best_time_proven = false;       // best_time comes from a valid time stamp
    std::vector<stamp_verdict> stamps;   // as in the facts
    x509::path_verdict path;             // of the signer
    x509::evidence used;                 // by the signer's path and all stamps' paths
    std::vector<x509::certificate> used_certificates;
    std::vector<x509::need> missing;
    std::optional<timestamp> try_again;     // with TRY_LATER: newer revocation data is announced for then
    std::vector<signing::finding> findings; // without doubles, those of paths and stamps included
};

conclusion judge(const signature_facts& facts, const x509::trust_store& trust, const x509::evidence& known,
                 timestamp at, const policy& policy = {}, x509::cache* memory = nullptr);

} // namespace vanthu::validation
