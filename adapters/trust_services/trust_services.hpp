// Asks those who vouch for signatures: time stamps (RFC 3161), revocation (OCSP, CRL), issuers' certificates.
//
//   what a verdict named as missing ──fetch()──▶ evidence ──▶ judge again
//
// Guaranteed: an answer that does not fit the question (nonce, imprint, certificate, type) is never handed on; nothing
// asked for twice while a kept answer holds; at most `concurrency` servers are asked at once; each question ends within
// `timeout` x `tries` plus the pauses between them. Whether an answer is to be believed is for the judge.
//
// Deployed authorities answer over plain HTTP by design: the answers are signed. Addresses on closed networks differ
// from those in certificates, hence the rewrite map (domain fact: http://ocsp.ca.ptc stands for ocsp.ca.gov.vn).
//
// All calls come from the executor given at the start, which must be serial.
#pragma once

#include "adapters/trust_services/errors.hpp"
#include "adapters/trust_services/evidence_cache.hpp"
#include "daemon/base/task.hpp"
#include "signing/cms/timestamp.hpp"

#include <functional>

namespace vanthu::trust_services {

struct options {
    // The first whose `from` begins the URL is applied: `to` replaces it.
    struct rewrite {
        std::string from, to;
    };
    std::vector<rewrite> rewrites;
    std::string http_proxy;  // "http://host:port" for plain http; "": none
    bool offline = false;    // only what is kept on disk
    bool prefer_get = false; // OCSP as GET without a nonce (RFC 5019), which proxies can cache; POST otherwise
    std::chrono::milliseconds timeout{15'000}; // for one try
    std::chrono::milliseconds pause{500};      // before the second try; doubled for each further one
    unsigned tries = 3;                        // transient failures are tried again
    unsigned concurrency = 4;
    std::size_t answer_limit = 32u << 20; // bytes; agencies' CRLs are large
    std::filesystem::path cache;          // folder of evidence_cache; empty: none
};

struct trouble { // one question without an answer
    x509::need what;
    failure why;
};

struct found {
    x509::evidence evidence;
    std::vector<x509::certificate> issuers;
    std::vector<trouble> troubles;
    bool anything() const { return !issuers.empty() || !evidence.crls.empty() || !evidence.ocsp_responses.empty(); }
};

class trust_services {
public:
    trust_services(asio::any_io_executor executor, options o) : executor_(executor), options_(std::move(o)) {}

    // A time stamp over `imprint` (SHA-256). Failures: errc, net::errc, cms::errc of the reply.
    task<cms::timestamp_token> stamp(std::string url, digest imprint);

    // Asks for everything that is missing, for revocation the OCSP responder first and the CRL where it fails;
    // `crl_only` after an OCSP answer that did not convince the judge. `now` judges what is kept on disk.
    task<found> fetch(std::vector<x509::need> missing, timestamp now, bool crl_only = false);

    // The address a URL stands for under the rewrite map.
    std::string rewritten(std::string url) const;

private:
    task<bytes> ask(std::string url, std::string content_type, bytes body, std::string accept);
    task<bytes> ask_once(const std::string& url, const std::string& content_type, const bytes& body,
                         const std::string& accept);
    asio::awaitable<void> answer(const x509::need& what, timestamp now, bool crl_only, found& into);
    task<x509::ocsp_response> ask_ocsp(const std::string& url, const x509::need& what);
    task<> find_issuers(const x509::need& what, timestamp now, found& into);
    task<> find_ocsp(const x509::need& what, timestamp now, found& into);
    task<> find_crl(const x509::need& what, timestamp now, found& into);

    asio::any_io_executor executor_;
    options options_;
    evidence_cache cache_{options_.cache};
};

// Judge, fetch what was missing, judge again, until nothing is missing or everything was asked for (at most eight
// rounds: a chain is no longer). `judge` gets the evidence and issuers so far and answers with what it still misses.
task<found> gather(trust_services& services, timestamp now,
                   const std::function<std::vector<x509::need>(const found&)>& judge);

} // namespace vanthu::trust_services
