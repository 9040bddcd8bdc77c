// Keeps the signatures of a PDF verifiable after certificates, CRLs and responders are gone: levels B-LT and B-LTA.
//
//   signed file ──examine_pdf(): used──▶ add_evidence() ──▶ B-LT ──prepare_timestamp(), a TSA, finish_timestamp()──▶
//   B-LTA ──years later: examine_pdf(), add_evidence() for the last time stamp, a new time stamp──▶ B-LTA renewed
//
// Each call appends one revision; the input is a prefix of the output. No signature forbids these revisions, not even
// one certified with "no changes" (ISO 32000-2 12.8.2.2.2).
//
// The store has /Certs, /CRLs and /OCSPs for the whole file and no /VRI: that entry is optional (ISO 32000-2
// 12.8.4.3), names signatures by a SHA-1 value, and no validator needs it; a foreign one is kept and read.
// Source: ETSI EN 319 142-1 5.4.2, 5.4.3, 6.3. Pure: no I/O, clock or log; any thread. After a failure nothing was
// produced.
#pragma once

#include "signing/cms/timestamp.hpp"
#include "signing/pdf/sign.hpp"

namespace vanthu::pdf {

// Adds what the store does not yet have; with nothing to add the file comes back as it is. Give what examine_pdf()
// (report.hpp) says was used. Refuses: not a PDF, damaged, encrypted, XFA, too large.
result<bytes> add_evidence(bytes_view file, const x509::evidence& used,
                           const std::vector<x509::certificate>& certificates);

// A document time stamp over everything so far: have content_sha256 stamped. Refuses as add_evidence().
result<prepared> prepare_timestamp(bytes_view file, std::size_t token_size = 16384);
// errc::wrong_token when the token is about something else, errc::contents_too_small when it does not fit.
result<bytes> finish_timestamp(prepared p, const cms::timestamp_token& token);

} // namespace vanthu::pdf
