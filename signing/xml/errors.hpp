// Failures of signing/xml: bytes that cannot be read or signed. What a signature is worth is a verdict (verify.hpp).
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::xml {

enum class errc {
    not_xml = 1,          // not well-formed, or not well-formed in the sense of Namespaces in XML
    doctype_refused,      // a document type declaration: entities, defaults, XXE
    encoding_unsupported, // neither UTF-8 nor US-ASCII, or XML other than 1.0
    over_budget,          // more bytes, depth, elements, attributes, references ... than limits allow
    no_signature,         // there is no Signature where one is needed
    already_signed,       // another enveloped signature would break the one that is there
    place_not_found,      // the element that is to hold the signature is not there
    signature_malformed,  // a ds:Signature that breaks its grammar
    algorithm_refused,    // an algorithm or transform outside the allow-list
    reference_refused,    // a reference that points where none may
    reference_missing,    // what a reference names is not there
    id_ambiguous,         // an id that a reference names is there more than once
    key_unfit,            // the signer's key does not fit its scheme
    signer_failed,        // the fresh signature does not verify with the signer's certificate
    timestamp_mismatch,   // a time stamp token about something else
};
std::error_code make_error_code(errc);

} // namespace vanthu::xml

template <> struct std::is_error_code_enum<vanthu::xml::errc> : std::true_type {};
