// What can go wrong between us and those who vouch for signatures: time-stamping authorities, OCSP responders, CRL and
// certificate servers.
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::trust_services {

enum class errc {
    offline = 1,         // the configuration forbids asking
    no_address,          // the certificate names no server for this question
    http_refused,        // an HTTP status that will not get better: 3xx, 4xx
    http_failed,         // 5xx, 408 or 429
    unfit_answer,        // not what was asked for: other type, other nonce, other certificate
    address_not_allowed, // the address in a certificate leads into a private network
    too_many_issuers,    // the document's certificates want more issuers than are asked for
    not_http,            // an address that we were given and that is none of HTTP
};
std::error_code make_error_code(errc);

} // namespace vanthu::trust_services

template <> struct std::is_error_code_enum<vanthu::trust_services::errc> : std::true_type {};
