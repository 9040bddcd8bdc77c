// Failures of signing/token. Every CK_RV becomes exactly one of these (map_rv in pkcs11.cpp).
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::token {

enum class errc {
    bad_uri = 1,       // not an RFC 7512 URI, or one with attributes we do not know
    pin_in_uri,        // pin-value in a URI: refused
    module_not_loaded, // the PKCS#11 module cannot be loaded or initialised
    token_not_found,   // no token matches
    token_ambiguous,   // more than one token matches
    token_removed,     // pulled out, or its sessions are gone
    token_not_initialised,
    pin_incorrect,
    pin_locked,    // the PIN is locked; only the issuer can unlock it
    pin_final_try, // one try is left; we never spend it
    pin_expired,   // the token wants its PIN changed first
    pin_needed,    // the token needs a login and none was made
    key_not_found,
    key_ambiguous,         // more than one key matches
    key_unfit,             // the key may not sign, or the token lacks a usable mechanism for it
    certificate_not_found, // no certificate belongs to the key
    signature_wrong,       // the token's signature does not verify with the certificate
    session_limit,         // the token has no session left
    token_busy,            // held by another program or operation
    out_of_memory,         // token or host
    device_error,          // the token or its reader reports a fault
    read_only,             // the token is write protected
    already_exists,
    refused,     // the token refuses the function or the data
    unsupported, // the token does not know the function
    internal,    // the module answered with something it may not answer
    not_pkcs12,  // not a PKCS#12 file or PEM key
    passphrase_wrong,
    module_ended,          // the process that the module runs in has crashed or was ended
    key_of_another,        // the file's certificate belongs to another key
};
std::error_code make_error_code(errc);

} // namespace vanthu::token

template <> struct std::is_error_code_enum<vanthu::token::errc> : std::true_type {};
