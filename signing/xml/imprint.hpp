// What the time stamps of a XAdES signature are about.
// Source: ETSI EN 319 132-1 V1.2.1, clauses 4.5, 5.3 (SignatureTimeStamp) and 5.5.2 (ArchiveTimeStamp, not
// distributed).
#pragma once

#include "signing/xml/properties.hpp"
#include "signing/xml/references.hpp"

namespace vanthu::xml {

// Content outside the document by the URI of a reference; nullopt: not at hand.
using outside = std::function<std::optional<source>(const std::string& uri)>;

void write_signature_imprint(const core_signature& core, const canonicalisation& how, octet_sink& out);

struct archive_subject {
    const source& document;
    const found_signature& signature;
    const core_signature& core;
    const properties& about;
    const outside& others; // may be empty
};
// The octets under the archive time stamp `stamp`, or under one that would be added now (null). Reads the document once
// for each reference, so that octets come in the order of the standard without being kept.
result<> write_archive_imprint(const archive_subject& subject, const element* stamp, const canonicalisation& how,
                               const limits& bounds, octet_sink& out);

} // namespace vanthu::xml
