// A signed statement: canonical JSON, a detached signature by a service certificate, and that certificate's chain.
//
//   {"algorithm":"ecdsa-p256-sha256","certificates":["base64 DER",...],"kind":"log_delegation","schema_version":1,
//    "signature":"base64","statement":{...}}
//
// Signed bytes: "vanthu " + kind + "/1\n" + the statement in canonical JSON. The first line keeps a signature of one
// kind from being shown as another.
//
// Canonical JSON here is RFC 8785 narrowed to what these formats use: ASCII member names, integers up to 2^53 - 1,
// no white space, members sorted, strings in UTF-8 with the shortest escapes. Any other form is refused.
#pragma once

#include "schemas/receipt/certificate.hpp"

namespace vanthu::receipt {

inline constexpr std::size_t max_statement_size = 64u << 10; // of an encoded signed statement
inline constexpr std::size_t max_certificates = 8;

struct signed_statement {
    std::string kind;      // "log_delegation", "origin_signature"
    std::string statement; // canonical JSON
    std::string algorithm;
    bytes signature;
    std::vector<bytes> certificates; // DER, the signer's first
};

std::string signed_bytes(std::string_view kind, std::string_view statement);
result<signed_statement> sign_statement(std::string kind, std::string statement, const service_key& key,
                                        std::vector<bytes> certificates);
std::string encode(const signed_statement& statement); // canonical JSON
result<signed_statement> decode_statement(std::string_view json, std::string_view expected_kind);

// Signature by certificates[0], chain to an anchor at `at`, and that certificate's organisation is `organisation`.
// errc::signature_refused, certificate_refused or organisation_mismatch. Answers who has signed. `often`: the very same
// statement will come again, so that its signature is worth remembering.
enum class coming { once, often };
result<std::shared_ptr<const verified_signer>> verify_statement(const signed_statement& statement,
                                                                const trust_anchors& anchors, timestamp at,
                                                                std::string_view organisation,
                                                                coming again = coming::once);

} // namespace vanthu::receipt
