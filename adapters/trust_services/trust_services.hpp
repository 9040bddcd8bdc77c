// Asks those who vouch for signatures: time stamps (RFC 3161), revocation (OCSP, CRL), issuers' certificates.
//
//   what a verdict named as missing ──fetch()──▶ evidence ──▶ judge again
//
// Guaranteed: an answer that does not fit the question (nonce, imprint, certificate, type) is never handed on; nothing
// asked for twice while a kept answer holds; at most `concurrency` servers are asked at once; each question ends within
// `timeout` x `tries` plus the pauses between them. Whether an answer is to be believed is for the judge.
//
// Addresses in certificates are written by others, and a missing issuer is asked for before anything is known to be
// trusted. So
//   - they lead to public addresses only (net::is_public), judged on the very address that is connected to; else
//     errc::address_not_allowed. What the operator names himself is his: `allowed`, the target of a rewrite that names
//     the host, the proxy, the URL given to stamp(). Through a proxy the proxy looks names up and must have rules of
//     its own
//   - revocation is asked for certificates of a chain that ends at an anchor, signatures verified (x509::validate_path)
//   - for issuers: gather() asks at most `issuer_questions` times, each question goes to two addresses at most and
//   takes
//     `issuer_limit` bytes, and only an answer with the very issuer counts
//   - http and https only, and redirects are not followed
//
// Deployed authorities answer over plain HTTP by design: the answers are signed. Addresses on closed networks differ
// from those in certificates, hence the rewrite map (domain fact: http://ocsp.ca.ptc stands for ocsp.ca.gov.vn).
//
// All calls come from the executor given at the start, which must be serial.
#pragma once

#include "adapters/trust_services/errors.hpp"
#include "adapters/trust_services/evidence_cache.hpp"
#include "daemon/base/task.hpp"
#include "daemon/net/addresses.hpp"
#include "signing/cms/timestamp.hpp"

#include <functional>

namespace vanthu::trust_services {

struct options {
    // The first whose `from` begins the URL is applied: `to` replaces it.
    struct rewrite {
        std::string from, to;
    };
    std::vector<rewrite> rewrites;
    std::string http_proxy;     // "http://host:port" for plain http; "": none
    net::allowed_hosts allowed; // beside public addresses
    bool offline = false;       // only what is kept on disk
    bool prefer_get = false;    // OCSP as GET without a nonce (RFC 5019), which proxies can cache; POST otherwise
    std::chrono::milliseconds timeout{15'000}; // for one try
    std::chrono::milliseconds pause{500};      // before the second try; doubled for each further one
    unsigned tries = 3;                        // transient failures are tried again
    unsigned concurrency = 4;
    std::size_t answer_limit = 32u << 20; // bytes; agencies' CRLs are large
    // What is kept and holds is asked for anew where it is older than a signature, but not more often than this: many
    // authorities issue once a day.
    std::chrono::minutes ocsp_pause{5}, crl_pause{60};
    std::size_t issuer_limit = 128u << 10; // bytes of an answer with an issuer's certificate
    unsigned issuer_questions = 8;         // of one gather()
    std::filesystem::path cache;           // folder of evidence_cache; empty: none
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

    // Asks for everything that is missing (newer revocation data may stay away without a trouble: what there is
    // counts), for revocation the OCSP responder first and the CRL where it fails; `crl_only` after an OCSP answer that
    // did not convince the judge. `now` judges what is kept on disk.
    task<found> fetch(std::vector<x509::need> missing, timestamp now, bool crl_only = false);

    // The address a URL stands for under the rewrite map.
    std::string rewritten(std::string url) const { return apply_rewrites(std::move(url)).first; }
    const options& rules() const { return options_; }

private:
    // And whether the map names its server.
    std::pair<std::string, bool> apply_rewrites(std::string url) const;
    struct question {
        std::string url, content_type;
        bytes body{};
        std::string accept;
        std::size_t limit;
        bool ours = false; // the operator names the server
    };
    task<bytes> ask(question q);
    task<bytes> ask_once(const question& q);
    asio::awaitable<void> answer(const x509::need& what, timestamp now, bool crl_only, found& into);
    task<x509::ocsp_response> ask_ocsp(const std::string& url, const x509::need& what);
    task<> find_issuers(const x509::need& what, timestamp now, found& into);
    // `anew`: past what is kept, unless a server was asked a moment ago, which is then no failure.
    task<> find_ocsp(const x509::need& what, timestamp now, bool anew, found& into);
    task<> find_crl(const x509::need& what, timestamp now, bool anew, found& into);
    task<> find_newer(const x509::need& what, timestamp now, found& into);
    bool lately(const std::string& question, timestamp now, std::chrono::minutes pause) const;

    asio::any_io_executor executor_;
    options options_;
    evidence_cache cache_{options_.cache};
};

// Judge, fetch what was missing, judge again, until nothing is missing or everything was asked for (at most eight
// rounds: a chain is no longer). `judge` gets the evidence and issuers so far and answers with what it still misses.
task<found> gather(trust_services& services, timestamp now,
                   const std::function<std::vector<x509::need>(const found&)>& judge);

} // namespace vanthu::trust_services
