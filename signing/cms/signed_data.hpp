// Parsed SignedData, one value a signer, and the checks that signatures and time stamp tokens share.
#pragma once

#include "signing/cms/parts.hpp"
#include "signing/x509/cache.hpp"
#include "signing/x509/openssl.hpp"

namespace vanthu::cms {

struct signed_data {
    std::shared_ptr<CMS_ContentInfo> cms; // the signer infos alone; shared by all signers
    CMS_SignerInfo* info = nullptr;       // owned by cms
    std::vector<x509::certificate> embedded;
    x509::certificate signer;       // the embedded certificate that the signer info names; empty if none
    std::optional<x509::hash> hash; // digestAlgorithm, if we know it
    std::string content_type;       // dotted OID of eContentType
    std::optional<bytes> content;   // eContent where it is there; only open_signed_data() copies it
};

// One value for each signer info, in the order in which they stand, none for a message without signers. errc::not_cms.
result<std::vector<signed_data>> open_signers(const message_parts& parts, x509::cache* memory = nullptr);
// A message with one signer. errc::not_cms: no SignedData, not exactly one signer, or bytes after the message (other
// than zeros, if allowed). errc::over_budget.
result<signed_data> open_signed_data(bytes_view cms, bool zero_padding, x509::cache* memory = nullptr);

// The signature over the signed attributes, with the signer's certificate. False also when there are no signed
// attributes.
bool signature_is_good(const signed_data& message);
// contentType and messageDigest are there exactly once (RFC 5652, 11.1 and 11.2); the content type is eContentType.
std::optional<bytes> message_digest_attribute(const signed_data& message);
bool content_type_matches(const signed_data& message);

enum class essential { absent = 1, matches, differs };
// signing-certificate-v2 or, where `old_form` allows, signing-certificate against the signer's certificate.
essential signing_certificate_attribute(const signed_data& message, bool old_form);
std::optional<timestamp> signing_time_attribute(const signed_data& message);
// Name of the scheme for reports, "" for one that is not accepted; its hash must agree with digestAlgorithm.
std::string_view scheme_name(const signed_data& message);

} // namespace vanthu::cms
