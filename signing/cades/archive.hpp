// archive-time-stamp-v3 with ats-hash-index-v3: what such a stamp is over, and what it covers.
//
// The stamp is over the content, one SignerInfo (its signature and everything in front of it) and an index of hashes of
// all certificates, revocation data and unsigned attribute values that were there. What came later is not covered; what
// the index names must still be there.
// Source: ETSI EN 319 122-1 V1.3.1, clauses 5.5.2 and 5.5.3, annex D.
#pragma once

#include "signing/cms/parts.hpp"
#include "signing/x509/hash.hpp"

#include <set>

namespace vanthu::cades {

namespace id {
inline constexpr std::string_view archive_time_stamp_v3 = "0.4.0.1733.2.4", hash_index_v3 = "0.4.0.19122.1.5",
                                  archive_time_stamp_v2 = "1.2.840.113549.1.9.16.2.48",
                                  archive_time_stamp_v1 = "1.2.840.113549.1.9.16.2.27",
                                  countersignature = "1.2.840.113549.1.9.6",
                                  certificate_values = "1.2.840.113549.1.9.16.2.23",
                                  revocation_values = "1.2.840.113549.1.9.16.2.24",
                                  long_term_validation = "0.4.0.1733.2.2",
                                  adobe_revocation_values = "1.2.840.113583.1.1.8",
                                  ocsp_response = "1.3.6.1.5.5.7.16.2", basic_ocsp = "1.3.6.1.5.5.7.48.1.1";
}

// The hashes of everything that an index may name, for one message, one signer and one algorithm.
struct indexable {
    indexable(const cms::message_parts& message, const cms::signer_parts& signer, x509::hash h);
    x509::hash algorithm;
    std::set<bytes> certificates, crls, attribute_values;
};
bytes hash_of_attribute_value(const cms::attribute_parts& attribute, bytes_view value, x509::hash h);

// DER of an ATSHashIndexV3 that names all of it.
bytes hash_index(const indexable& all);

struct parsed_index {
    bytes_view whole; // as it stands in the token
    std::string algorithm;
    std::set<bytes> certificates, crls, attribute_values;
    // Everything that it names is there, under the algorithm of the imprint.
    bool holds(const indexable& present) const;
};
// The index in a token's unsigned attributes; nullopt where there is not exactly one that can be read.
std::optional<parsed_index> index_of_token(bytes_view token);

// What the imprint of the stamp is: `content` hashed with h, then the signer's fields, then the index.
bytes archive_imprint_value(const cms::message_parts& message, const cms::signer_parts& signer, x509::hash h,
                            bytes_view content_hash, bytes_view index);

} // namespace vanthu::cades
