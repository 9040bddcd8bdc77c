// The long-term levels of a CAdES signature, made by adding: B-T -> to_lt() -> B-LT -> archive -> B-LTA, and again.
//
//   judge() finds out what the verdict rests on -> to_lt(cms, used, used_certificates)
//   archive_imprint() -> the time stamp authority -> add_archive_stamp()        renewal: to_lt() and this once more
//
// Only additions: no octet of a signature, of signed attributes or of unsigned attributes that are there changes, so
// that earlier stamps stay good. Detached or attached. Messages in BER get frames in DER; their parts stay as they are.
// A message with archive time stamps of versions 1 or 2 is refused with cms::errc::old_archive_stamp: these are over
// everything there is, so that additions break them. After a failure nothing was made.
// Source: ETSI EN 319 122-1 V1.3.1, clauses 5.4, 5.5 and 6.3; RFC 5940 (OCSP responses in crls).
#pragma once

#include "signing/cms/timestamp.hpp"
#include "signing/x509/path.hpp"

namespace vanthu::cades {

// Puts certificates, CRLs and OCSP responses into SignedData, each once.
result<bytes> to_lt(bytes_view cms, const x509::evidence& used,
                    const std::vector<x509::certificate>& used_certificates);

// What the archive time stamp must be over. `content` is the SHA-256 value of the signed content, also where the
// message carries it; cms::errc::content_differs if it is not what was signed.
result<digest> archive_imprint(bytes_view cms, const digest& content, std::size_t signer = 0);
// Adds the token, whose imprint must be archive_imprint() of the very same arguments (cms::errc::timestamp_mismatch).
result<bytes> add_archive_stamp(bytes_view cms, const digest& content, const cms::timestamp_token& token,
                                std::size_t signer = 0);

} // namespace vanthu::cades
