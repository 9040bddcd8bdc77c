// Signature policies: the one that a signer names in the signed part of a signature (EPES), and those that an operator
// knows. What a policy demands of signatures is not processed; which one is named, and that it is the very document,
// is. Source: ETSI EN 319 122-1 V1.3.1, 5.2.9; ETSI EN 319 132-1 V1.2.1, 5.2.9; ETSI EN 319 102-1 V1.3.1, 5.2.4.
#pragma once

#include "signing/verdict.hpp"
#include "signing/x509/hash.hpp"

#include <optional>

namespace vanthu::validation {

struct named_policy {
    enum class kind : std::uint8_t {
        malformed = 1, // something stands where a policy is named, but not what the standards have there
        implied,       // some policy, without a name
        explicit_
    };
    // A copy of the document that came along, unsigned (signature policy store): has it the hash that was signed?
    // Unconfirmed also where that is not the hash of its own octets (transforms, a specification with hashes of its
    // own).
    enum class copy : std::uint8_t { none = 1, same, unconfirmed };

    kind how = kind::malformed;
    std::string id{}; // dotted OID or URI, as policy_id() makes it; this and the rest only of an explicit one
    std::string hash_algorithm{}; // "SHA-256"; OID or URI of one that we do not know
    std::string hash{};           // hex; "": the signer did not know it (a zero hash)
    bool transformed = false;     // XAdES: of what transforms made of the document. They are never run
    std::string uri{};            // where a copy can be had (SPuri); the first
    std::string notice{};         // what is to be shown to people (SPUserNotice, explicitText), UTF-8; the first
    copy stored = copy::none;
    bool operator==(const named_policy&) const = default;
};

// One policy document. Several of one id are its versions: each of them is known.
struct known_policy {
    std::string id;                                 // as policy_id() makes it
    x509::hash hash_algorithm = x509::hash::sha256; // never SHA-1
    std::string hash;                               // hex, lower case
    bool operator==(const known_policy&) const = default;
};

struct signature_policy_rules {
    std::vector<known_policy> known{};
    bool require_known = false; // of a signature that names a policy
    bool operator==(const signature_policy_rules&) const = default;
};

// What the rules say of a named policy. `finding`: empty for a known one. `sub_indication`: "" where it is only
// remarked, else the signature is INDETERMINATE for it:
//   - malformed, or known by id with another hash     POLICY_PROCESSING_ERROR
//   - unknown, implied, or known by id with no hash that can be compared: only where the rules require a known one,
//     SIGNATURE_POLICY_NOT_AVAILABLE
struct policy_standing {
    bool known = false;
    std::optional<signing::finding> finding;
    std::string_view sub_indication;
};
policy_standing standing_of(const named_policy& named, const signature_policy_rules& rules);

// "urn:oid:1.2.3" and "1.2.3" as "1.2.3", another URI as it is; nullopt: neither, or longer than 1024 octets.
std::optional<std::string> policy_id(std::string_view text);
bool is_oid(std::string_view text); // dotted, as "1.2.3"
// Is this a hash of that algorithm (where it is known to us) or a zero hash (EN 319 122-1, 5.2.9.1: all octets zero, of
// any length, or none)? Then it is taken.
bool take_hash(named_policy& named, std::optional<x509::hash> algorithm, std::string_view identifier, bytes_view value);
void take_stored_copy(named_policy& named, bytes_view document); // same, if any copy is

} // namespace vanthu::validation
