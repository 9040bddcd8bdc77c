// What a certification authority serves, on loopback: time stamps (RFC 3161), OCSP (RFC 6960), CRLs and CA
// certificates. Made with OpenSSL alone, like the test PKI. Each way of misbehaving is a `fault`, and a fault is a part
// of the URL:
//
//   POST BASE/tsa   POST BASE/ocsp   GET BASE/sub.crl   BASE/root.crl   BASE/sub.crt   BASE/root.crt
//   GET BASE/ocsp/BASE64-OF-THE-REQUEST (RFC 5019)
//   and the same below BASE/FAULT, for instance BASE/other-nonce/ocsp
//
// so that one server is honest and faulty at once and a certificate may name a faulty responder as its own. A POST is
// known by its content type (the path may be anything, "/" too); whatever else is sent is refused with 400, 403 or 404.
#pragma once

#include "tests/support/test_ca.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace vanthu::test {

enum class fault {
    none,
    other_nonce,   // ocsp, tsa: answers to another nonce
    no_nonce,      // ocsp: leaves the nonce out
    wrong_signer,  // ocsp, tsa, crl: signed by a stranger of the same name and purpose
    other_cert,    // ocsp: answers about another serial number
    revoked,       // ocsp: says revoked since yesterday
    unknown,       // ocsp: says unknown
    stale,         // ocsp, crl: nextUpdate is nine days past; tsa: genTime is ten days past
    refuse,        // ocsp: "unauthorized"; tsa: "rejection"; crl, crt: 404
    wrong_imprint, // tsa: stamps another hash
    garbage,       // the right content type, no DER
    http_error,    // 503
    slow,          // waits as long as the server was told to, then answers well
    hang_up,       // closes without an answer
};
// "other-nonce" and so on; nullopt for a text that names none.
std::optional<fault> fault_of(std::string_view name);
std::vector<std::string_view> fault_names();

struct revoked_certificate {
    std::string serial; // upper case hex, as OpenSSL prints it
    timestamp when;
    int reason = -1; // RFC 5280 CRLReason, -1 none
};

// A PKI with those who answer for it. The two OCSP signers are delegated, one by each CA.
struct authority {
    identity root, sub, ocsp_root, ocsp_sub, tsa;
    std::vector<revoked_certificate> revoked{}; // by either CA

    static authority of(const test_ca& ca);
    // OCSP request in, response out. Every certificate of the two CAs that is not revoked is good; one of another
    // issuer gets "unauthorized".
    bytes ocsp(bytes_view request, timestamp now, fault how = fault::none) const;
    bytes timestamp_reply(bytes_view request, timestamp now, fault how = fault::none) const;
    // This update an hour ago, or at the latest revocation where that is later; next update in a day.
    bytes crl(const identity& issuer, timestamp now, fault how = fault::none) const;
};

// Extensions that lead to BASE: CRL distribution point and OCSP and CA issuer URLs of `issuer` ("root" or "sub").
std::vector<std::string> authority_urls(const std::string& base, const std::string& issuer);

// Serves on 127.0.0.1 from its own threads until destroyed; unanswered requests are dropped then. The source is asked
// for each request, from any of the threads. Aborts where no port can be had.
class authority_server {
public:
    struct options {
        std::uint16_t port = 0;     // 0: any free
        fault always = fault::none; // for URLs that name none
        std::chrono::milliseconds slow{30'000};
    };
    authority_server(std::function<authority()> source, options o);
    ~authority_server();
    authority_server(const authority_server&) = delete;
    std::uint16_t port() const { return port_; }
    std::string url(std::string_view path = "") const; // path: "/tsa", "/revoked/ocsp"

private:
    void run();
    void serve(int connection);

    std::function<authority()> source_;
    options options_;
    int listener_ = -1, wake_ = -1;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::condition_variable stopped_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

} // namespace vanthu::test
