// Failures of signing/cms. What a well-formed signature is worth is a verdict (verify.hpp), not a failure.
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::cms {

enum class errc {
    not_cms = 1,             // not a CMS SignedData, or not with the signers that the caller asked for
    key_unfit,               // key, scheme and hash do not go together
    signer_failed,           // the signer answered with something that is no signature of its own certificate
    not_a_timestamp_reply,   // bytes that are no RFC 3161 TimeStampResp
    timestamp_refused,       // the TSA answered with a refusal
    timestamp_mismatch,      // imprint, nonce or hash are not those asked for
    timestamp_bad_signature, // the token's own signature does not verify
    over_budget,             // larger, or with more parts, than this program looks at
    content_differs,         // the content offered is not what was signed
    no_such_signer,          // fewer signers than the caller thinks
    old_archive_stamp,       // carries archive time stamps of a kind that adding would break
};
std::error_code make_error_code(errc);

} // namespace vanthu::cms

template <> struct std::is_error_code_enum<vanthu::cms::errc> : std::true_type {};
