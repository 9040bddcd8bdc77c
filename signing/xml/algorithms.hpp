// The allow-list: every algorithm identifier that is understood. What is not here is refused, by name, before anything
// is computed. Sources: XML Signature Syntax and Processing 1.1 (W3C 2013-04-11), 6; RFC 6931, 2.1-2.3;
// ETSI EN 319 132-1 V1.2.1, 4 and annex D (namespaces).
#pragma once

#include "signing/x509/certificate.hpp"
#include "signing/xml/canonical.hpp"

namespace vanthu::xml {

inline constexpr std::string_view dsig_uri = "http://www.w3.org/2000/09/xmldsig#",
                                  xades_uri = "http://uri.etsi.org/01903/v1.3.2#",
                                  xades141_uri = "http://uri.etsi.org/01903/v1.4.1#",
                                  exclusive_uri = "http://www.w3.org/2001/10/xml-exc-c14n#",
                                  enveloped_algorithm = "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
                                  base64_algorithm = "http://www.w3.org/2000/09/xmldsig#base64",
                                  xpath_uri = "http://www.w3.org/TR/1999/REC-xpath-19991116",
                                  xpath_filter_uri = "http://www.w3.org/2002/06/xmldsig-filter2",
                                  signed_properties_type = "http://uri.etsi.org/01903#SignedProperties";

std::optional<canonicalisation> canonicalisation_from(std::string_view algorithm); // without prefixes
std::string_view algorithm_of(const canonicalisation& how);

std::optional<x509::hash> digest_from(std::string_view algorithm);
std::string_view algorithm_of(x509::hash h);

struct signature_algorithm {
    x509::scheme scheme;
    x509::hash hash;
};
std::optional<signature_algorithm> signature_algorithm_from(std::string_view algorithm);
std::string_view algorithm_of(const signature_algorithm& algorithm); // "" where there is no identifier

} // namespace vanthu::xml
