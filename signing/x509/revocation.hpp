// What the CRLs at hand say about one certificate (RFC 5280, section 6.3, without indirect and delta CRLs).
#pragma once

#include "signing/x509/path.hpp"

namespace vanthu::x509 {

struct revocation_status {
    enum { good = 1, revoked, unknown } state = unknown;
    std::optional<revocation_entry> entry; // set when a CRL names the certificate, before or after `at`
    std::string_view why_unknown = "x509.no_revocation_data"; // code of a finding
    evidence used;                                            // set when good or revoked: what says so
};

revocation_status check_crls(const certificate& cert, const certificate& issuer, const std::vector<crl>& crls,
                             timestamp at);

} // namespace vanthu::x509
