// Which algorithms are accepted, and until when. A table, so that an operator may replace it; reading one from a file
// is the caller's matter.
//
// An algorithm is judged at the time at which the object made with it is proven to have existed (ETSI EN 319 102-1
// V1.3.1, clause 5.2.8), not at the time of looking.
#pragma once

#include "signing/x509/certificate.hpp"

namespace vanthu::x509 {

struct suite_row {
    std::string algorithm;            // a hash: "SHA-256"; a key: "RSA", "ECDSA P-256", "ECDSA P-384"
    unsigned min_bits = 0;            // of the key; 0 for a hash
    std::optional<timestamp> until{}; // none: no end is known
    bool operator==(const suite_row&) const = default;
};

struct crypto_suite {
    std::vector<suite_row> rows;

    // The last moment at which an object made with it may have come into being: min() where the table does not have
    // it (never), max() where no end is known. Of several rows that fit the most generous decides.
    timestamp until(std::string_view algorithm, unsigned bits = 0) const;
    timestamp until(hash h) const { return until(name(h)); }
    timestamp until_of_key(const certificate& holder) const;

    bool operator==(const crypto_suite&) const = default;
    // SHA-256, SHA-384, SHA-512; RSA from 2048 bits; ECDSA on P-256 and P-384; all without end. ETSI TS 119 312 V1.4.3
    // ends RSA below 3000 bits, but the Government CA's tokens hold RSA 2048 and Vietnam's rules (TT 15/2025) accept
    // it. SHA-1 is not in it.
    static const crypto_suite& standard();
};

// Name of the hash inside a signature as the table has it, "" for one that has no row anywhere.
std::string_view hash_name(int nid);

} // namespace vanthu::x509
