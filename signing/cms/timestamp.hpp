// RFC 3161 requests and replies as bytes; who posts them is not known here (adapters/tsa does).
//
//   timestamp_request() -> POST application/timestamp-query -> check_timestamp_reply() -> add_timestamp()
#pragma once

#include "daemon/base/clock.hpp"
#include "signing/cms/errors.hpp"
#include "signing/x509/path.hpp"

#include <functional>

namespace vanthu::cms {

// How far a token's time may be off where it states no accuracy that can be used (RFC 3161, 2.4.2: then "it may be
// available through other means"): far more than any authority's, far less than a clock that is wrong by an hour.
inline constexpr std::chrono::minutes assumed_accuracy{5};

// genTime and its accuracy: the true time lies at most so far before or after.
struct stamp_time {
    timestamp at{};
    std::optional<std::chrono::microseconds> accuracy{}; // none: not stated, or unfit
    // What it proves: at, or the end of its accuracy where that is worse than what is assumed of all.
    timestamp latest() const { return accuracy && *accuracy > assumed_accuracy ? at + *accuracy : at; }
    timestamp earliest() const { return accuracy && *accuracy > assumed_accuracy ? at - *accuracy : at; }
};
// RFC 3161, 2.4.2: the order of two tokens is certain where their times differ by more than the sum of their
// accuracies. Where one states none, or worse than it, by more than assumed_accuracy.
bool surely_after(const stamp_time& later, const stamp_time& earlier);

// A token whose imprint, nonce and own signature have been checked. That its certificate is trusted is *not* said here:
// verify() and check_timestamp() do.
struct timestamp_token {
    bytes der;      // ContentInfo of the token
    timestamp time; // genTime, whole seconds
    std::optional<std::chrono::microseconds> accuracy;
    bool accuracy_unfit = false; // stated, and not what RFC 3161, 2.4.2 allows; then there is none
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
    std::optional<std::chrono::microseconds> accuracy;
    stamp_time when() const { return {time.value_or(timestamp{}), accuracy}; }
    x509::certificate authority;
    x509::path_verdict path;
    std::vector<signing::finding> findings;
};
// The digest of some content under the algorithm that a message names; empty where the content is not there.
using content_digest = std::function<bytes(x509::hash)>;
// `stamped` is what the imprint must be of (the signature value, or the byte range of a document time stamp); `extra`
// are certificates that may help to build the path. `at` is when the token is proven to have existed, proven.now when
// it is judged. An accuracy that is unfit or worse than assumed_accuracy is remarked. A SHA-1 imprint is remarked (old
// files have them); other algorithms are judged by rules.suite.
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
