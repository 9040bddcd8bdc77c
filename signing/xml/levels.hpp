// From B-B upward: what is added to a XAdES signature later, each time as one insertion among its unsigned properties.
//
//   signature_imprint() ─▶ (a time stamp authority) ─▶ add_timestamp()            B-T
//   add_validation_data()                                                        B-LT
//   archive_imprint()  ─▶ (a time stamp authority) ─▶ add_archive_timestamp()     B-LTA, and each renewal of it
//
// No signed byte is touched. `which` is the number of the signature in the document, from 0. Refused with
// errc::already_signed where another signature of the document covers the place of the insertion.
// Source: ETSI EN 319 132-1 V1.2.1, 5.3, 5.4, 5.5 and 6.3.
#pragma once

#include "signing/xml/imprint.hpp"
#include "signing/xml/sign.hpp"

namespace vanthu::xml {

// What a time stamp request for B-T is about: SHA-256 of ds:SignatureValue, canonical.
result<digest> signature_imprint(const source& document, std::size_t which = 0, const limits& bounds = {});
// errc::timestamp_mismatch where the token is about something else.
result<insertion> add_timestamp(const source& document, const cms::timestamp_token& token, std::size_t which = 0,
                                const limits& bounds = {});

// CertificateValues and RevocationValues the first time, TimeStampValidationData afterwards (before a renewal: what the
// last time stamp needs); `certificates` and `revocation` are what a validation used (validation::conclusion). What the
// signature carries already is left out; nothing new: an insertion without text.
result<insertion> add_validation_data(const source& document, const std::vector<x509::certificate>& certificates,
                                      const x509::evidence& revocation, std::size_t which = 0,
                                      const limits& bounds = {});

result<digest> archive_imprint(const source& document, const outside& others = {}, std::size_t which = 0,
                               const limits& bounds = {});
result<insertion> add_archive_timestamp(const source& document, const cms::timestamp_token& token,
                                        const outside& others = {}, std::size_t which = 0, const limits& bounds = {});

} // namespace vanthu::xml
