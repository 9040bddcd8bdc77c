// The document security store: certificates, CRLs and OCSP answers inside a PDF. Internal to signing/pdf.
// Source: ISO 32000-2 12.8.4.3, ETSI EN 319 142-1 5.4.2.
#pragma once

#include "signing/pdf/document.hpp"
#include "signing/x509/path.hpp"

namespace vanthu::pdf {

struct stored_evidence {
    std::vector<x509::certificate> certificates;
    x509::evidence revocation;
    bool has(const x509::certificate& c) const;
    bool has(const x509::crl& c) const;
    bool has(const x509::ocsp_response& r) const;
};

// Adds what the store of this revision holds, /VRI included; what does not parse is passed over: it proves nothing.
void read_security_store(QPDFObjectHandle catalogue, stored_evidence& into, x509::cache* memory = nullptr);

// Is it nothing but a store: the entries of the standard, lists of streams, and no stream that could be drawn or run?
bool is_plain_security_store(QPDFObjectHandle store);

} // namespace vanthu::pdf
