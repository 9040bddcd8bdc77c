// From a certificate to the anchors: which chains there are, and whether one keeps the rules of PKIX. Neither dates,
// revocation nor algorithms are looked at here.
#pragma once

#include "signing/x509/path.hpp"

namespace vanthu::x509 {

using chain = std::vector<certificate>; // leaf first, anchor last

struct chain_search {
    std::vector<chain> complete;  // those that reach an anchor; none is a part of another
    chain longest_part;           // where there is none
    bool wrong_signature = false; // a part ends because the only issuers of that name have other keys
};

// Tries anchors, then the store's intermediates, then `extra` and what was fetched. Bounded in length, number and
// signatures checked, whatever a hostile document brings along.
chain_search find_chains(const certificate& leaf, const std::vector<certificate>& extra, const trust_store& trust,
                         cache* memory = nullptr);

struct chain_fault {
    std::string_view sub_indication, code; // of a finding; both empty: no fault
};
// Signatures, CA flags, path length, key usage, name constraints, policies, critical extensions (RFC 5280, 6.1).
// `policies`: acceptable ones; empty: any, but what the CAs themselves demand.
chain_fault check_chain(const chain& certificates, const std::vector<std::string>& policies, cache* memory = nullptr);

} // namespace vanthu::x509
