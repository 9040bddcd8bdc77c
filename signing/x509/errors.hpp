// Failures of signing/x509: input that is not what it should be. What a well-formed certificate is worth is a verdict
// (path.hpp), not a failure.
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::x509 {

enum class errc {
    not_a_certificate = 1, // neither PEM nor DER of an X.509 certificate
    not_a_crl,
    not_a_key,    // neither PEM nor DER of a private or public key
    pin_mismatch, // a certificate of the trust folder differs from its pinned fingerprint
    not_a_ca,     // a certificate that may not issue others, offered as trust material
    not_an_ocsp_response,
};
std::error_code make_error_code(errc);

} // namespace vanthu::x509

template <> struct std::is_error_code_enum<vanthu::x509::errc> : std::true_type {};
