// What a verifier says. A verdict is a value: a bad signature is an answer, not a failure.
//
// The four verdicts are for people; indication and sub-indication are the words of ETSI EN 319 102-1, clause 5.1.3, and
// go into reports. "Unknown" never becomes "valid": where trust material or revocation data is missing the answer is
// indeterminate, with the reason among the findings.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vanthu::signing {

enum class verdict : std::uint8_t { valid = 1, invalid, indeterminate, unsigned_ };

// Source: ETSI EN 319 102-1 V1.3.1, table 5 (main indications).
enum class indication : std::uint8_t { total_passed = 1, total_failed, indeterminate };

// One remark. `code` is stable ("cms.digest_mismatch"); the texts are one sentence each.
struct finding {
    std::string code, text_vi, text_en;
    bool operator==(const finding&) const = default;
};

// Sub-indications used here. Source: ETSI EN 319 102-1 V1.3.1, tables 5 and 6.
namespace sub {
inline constexpr std::string_view format_failure = "FORMAT_FAILURE";
inline constexpr std::string_view hash_failure = "HASH_FAILURE";
inline constexpr std::string_view sig_crypto_failure = "SIG_CRYPTO_FAILURE";
inline constexpr std::string_view revoked = "REVOKED";
inline constexpr std::string_view expired = "EXPIRED";
inline constexpr std::string_view not_yet_valid = "NOT_YET_VALID";
inline constexpr std::string_view sig_constraints_failure = "SIG_CONSTRAINTS_FAILURE";
inline constexpr std::string_view chain_constraints_failure = "CHAIN_CONSTRAINTS_FAILURE";
inline constexpr std::string_view certificate_chain_general_failure = "CERTIFICATE_CHAIN_GENERAL_FAILURE";
inline constexpr std::string_view crypto_constraints_failure = "CRYPTO_CONSTRAINTS_FAILURE";
inline constexpr std::string_view crypto_constraints_failure_no_poe = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE";
inline constexpr std::string_view no_signing_certificate_found = "NO_SIGNING_CERTIFICATE_FOUND";
inline constexpr std::string_view no_certificate_chain_found = "NO_CERTIFICATE_CHAIN_FOUND";
inline constexpr std::string_view no_certificate_chain_found_no_poe = "NO_CERTIFICATE_CHAIN_FOUND_NO_POE";
inline constexpr std::string_view revoked_no_poe = "REVOKED_NO_POE";
inline constexpr std::string_view revoked_ca_no_poe = "REVOKED_CA_NO_POE";
inline constexpr std::string_view out_of_bounds_no_poe = "OUT_OF_BOUNDS_NO_POE";
inline constexpr std::string_view timestamp_order_failure = "TIMESTAMP_ORDER_FAILURE";
inline constexpr std::string_view no_poe = "NO_POE";
inline constexpr std::string_view try_later = "TRY_LATER";
inline constexpr std::string_view signature_policy_not_available = "SIGNATURE_POLICY_NOT_AVAILABLE";
inline constexpr std::string_view policy_processing_error = "POLICY_PROCESSING_ERROR";
inline constexpr std::string_view signed_data_not_found = "SIGNED_DATA_NOT_FOUND";
} // namespace sub

constexpr std::string_view to_string(indication i) {
    return i == indication::total_passed   ? "TOTAL-PASSED"
           : i == indication::total_failed ? "TOTAL-FAILED"
                                           : "INDETERMINATE";
}
constexpr std::string_view to_string(verdict v) {
    switch (v) {
    case verdict::valid:
        return "valid";
    case verdict::invalid:
        return "invalid";
    case verdict::indeterminate:
        return "indeterminate";
    case verdict::unsigned_:
        return "unsigned";
    }
    return "indeterminate";
}
constexpr verdict to_verdict(indication i) {
    return i == indication::total_passed   ? verdict::valid
           : i == indication::total_failed ? verdict::invalid
                                           : verdict::indeterminate;
}

inline bool has_finding(const std::vector<finding>& all, std::string_view code) {
    return std::any_of(all.begin(), all.end(), [&](const finding& f) { return f.code == code; });
}

} // namespace vanthu::signing
