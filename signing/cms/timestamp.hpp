// RFC 3161 requests and replies as bytes; who posts them is not known here (adapters/tsa does).
//
//   timestamp_request() -> POST application/timestamp-query -> check_timestamp_reply() -> add_timestamp()
#pragma once

#include "daemon/base/clock.hpp"
#include "signing/cms/errors.hpp"
#include "signing/x509/path.hpp"

#include <functional>

namespace vanthu::cms {

// A token whose imprint, nonce and own signature have been checked. That its certificate is trusted is *not* said here:
// verify() and check_timestamp() do.
struct timestamp_token {
    bytes der;      // ContentInfo of the token
    timestamp time; // genTime
    x509::hash imprint_hash = x509::hash::sha256;
    bytes imprint;
    std::string serial;          // hex
    std::string policy;          // dotted OID
    x509::certificate authority; // empty if the token does not carry it
};

inline constexpr std::size_t nonce_size = 8;

// DER of a TimeStampReq: version 1, SHA-256 imprint, the nonce, certReq true. A nonce of zero bytes is left out.
bytes timestamp_request(const digest& imprint, bytes_view nonce);

// Fails with not_a_timestamp_reply, timestamp_refused, timestamp_mismatch or timestamp_bad_signature.
result<timestamp_token> check_timestamp_reply(bytes_view reply, const digest& imprint, bytes_view nonce);

// Reads a token found in a file; checks its structure only.
result<timestamp_token> parse_timestamp_token(bytes_view der, x509::cache* memory = nullptr);

// A time stamp token judged: signature, certificate path with the purpose time stamping, and its imprint.
struct timestamp_verdict {
    signing::indication indication = signing::indication::indeterminate;
    std::string sub_indication;
    std::optional<timestamp> time;
    x509::certificate authority;
    x509::path_verdict path;
    std::vector<signing::finding> findings;
};
// The digest of some content under the algorithm that a message names; empty where the content is not there.
using content_digest = std::function<bytes(x509::hash)>;
// `stamped` is what the imprint must be of (the signature value, or the byte range of a document time stamp); `extra`
// are certificates that may help to build the path. `at` is when the token is proven to have existed, proven.now when
// it is judged. A SHA-1 imprint is remarked (old files have them); other algorithms are judged by rules.suite.
timestamp_verdict check_timestamp(bytes_view token_der, const content_digest& stamped, const x509::trust_store& trust,
                                  const x509::evidence& known, timestamp at,
                                  x509::revocation_rule rule = x509::revocation_rule::required,
                                  const std::vector<x509::certificate>& extra = {}, const x509::path_rules& rules = {},
                                  const x509::proofs& proven = {}, x509::cache* memory = nullptr);
// The same for content in memory.
timestamp_verdict check_timestamp(bytes_view token_der, bytes_view stamped, const x509::trust_store& trust,
                                  const x509::evidence& known, timestamp at,
                                  x509::revocation_rule rule = x509::revocation_rule::required);

} // namespace vanthu::cms
