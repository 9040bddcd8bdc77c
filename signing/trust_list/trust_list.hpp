// Trust lists: certification and time-stamping services with the times for which a supervisor grants them, in XML that
// the list's operator signs.
//
// Rules of the house
//   - nothing of a list is read before its signature is found valid: exactly one, over the whole document, by a
//     certificate that the caller pins for lists (its dates count; it needs no chain and no revocation data)
//   - a service counts for documents (CA/QC, CA/PKC, the national root CA) or for time stamps (TSA of any kind), and
//     only while its status is one that means "granted"; what is not known here (types, statuses, critical extensions)
//     grants nothing
//   - a CA that the list has for web sites only does not count for documents
//   - a list counts until its next update; afterwards verdicts say so (x509::anchor_terms::known_until)
//   - lists of lists are not followed: which lists count is for the operator
// Pure: no network, clock or configuration.
// Source: ETSI TS 119 612 V2.3.1, clauses 5.3 to 5.7 (versions 5 and 6 of the format) and annex D.
#pragma once

#include "signing/trust_list/errors.hpp"
#include "signing/x509/path.hpp"

namespace vanthu::trust_list {

struct listed_anchor {
    x509::certificate authority; // a CA's; for time stamps it may be the time-stamping unit's own
    x509::anchor_terms terms;
};

// The services that were ever granted. `now` is for the signature of the list and its operator's certificate. Services
// whose certificate cannot be read are left out.
result<std::vector<listed_anchor>> read(bytes_view document, const std::vector<x509::certificate>& operators,
                                        timestamp now);

} // namespace vanthu::trust_list
