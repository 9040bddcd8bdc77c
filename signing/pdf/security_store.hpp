// The document security store: certificates, CRLs and OCSP answers inside a PDF. Internal to signing/pdf.
// Source: ISO 32000-2 12.8.4.3, ETSI EN 319 142-1 5.4.2.
#pragma once

#include "signing/pdf/document.hpp"
#include "signing/x509/path.hpp"

#include <set>
#include <stdexcept>

namespace vanthu::pdf {

struct stored_evidence {
    std::vector<x509::certificate> certificates;
    x509::evidence revocation;
    std::set<digest> odd;    // streams of the store read last that are not one value of their kind and nothing else
    std::size_t decoded = 0; // octets read so far, what did not parse and what repeats itself included
    bool has(const x509::certificate& c) const;
    bool has(const x509::crl& c) const;
    bool has(const x509::ocsp_response& r) const;
};

struct evidence_too_large : std::length_error {
    evidence_too_large() : std::length_error("document security store") {}
};

// Adds what the store of this revision holds, /VRI included; what does not parse proves nothing and is only named odd.
// Throws evidence_too_large where one object has more than 64 MiB, or all that was read more than 512 MiB.
void read_security_store(QPDFObjectHandle catalogue, stored_evidence& into, x509::cache* memory = nullptr);

// Is it nothing but a store: the entries of the standard, lists of streams, and no stream that could be drawn or run?
bool is_plain_security_store(QPDFObjectHandle store);

} // namespace vanthu::pdf
