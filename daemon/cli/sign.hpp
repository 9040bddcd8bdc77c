// `vanthu sign`: signs or seals one PDF with a token or a PKCS#12 file.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/failure.hpp"

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace vanthu::cli {

enum class sign_errc {
    not_available = 1,   // a format, level or profile of a later version
    no_person_signature, // `issued`: nobody with a valid signature has signed before
    own_certificate_bad, // the signer's own certificate does not lead to a trusted anchor, or has ended
    time_stamp_missing,  // B-T without --tsa
    bad_arguments,
};
std::error_code make_error_code(sign_errc);

// Posts an RFC 3161 request (application/timestamp-query) and returns the reply; adapters/tsa in the composed program.
using post_timestamp_query = std::function<result<bytes>(std::string url, bytes query)>;

// Leaves in `exit_code`: 0 written; 1 refused; 64 usage or not available in this version; 66 cannot read. The input is
// never changed; the output appears whole or not at all. The PIN comes from a file only and is wiped.
void add_sign_command(CLI::App& app, int& exit_code, post_timestamp_query post);

} // namespace vanthu::cli

template <> struct std::is_error_code_enum<vanthu::cli::sign_errc> : std::true_type {};
