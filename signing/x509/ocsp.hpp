// OCSP responses as values, and the requests that ask for them; who posts them is not known here.
//
// Source: RFC 6960 (OCSP), RFC 5019 (lightweight profile: one certificate a request, GET with the request in base64).
#pragma once

#include "signing/x509/certificate.hpp"

struct ocsp_basic_response_st; // OpenSSL's OCSP_BASICRESP

namespace vanthu::x509 {

// A successful response of type id-pkix-ocsp-basic. Immutable, cheap to copy, safe to share between threads. That its
// signature is good is *not* said here: validate_path() judges that for the certificate in question.
class ocsp_response {
public:
    ocsp_response() = default;
    explicit operator bool() const { return parsed_ != nullptr; }
    // Precondition of everything below: not empty.
    const bytes& der() const;       // the whole OCSPResponse
    const bytes& basic_der() const; // the BasicOCSPResponse in it, as received
    const digest& sha256() const;   // of basic_der(): the same however it was wrapped
    timestamp produced_at() const;
    const std::vector<certificate>& certificates() const; // those it carries, the responder's among them
    ocsp_basic_response_st* native() const;               // borrowed; never changed

private:
    struct parsed;
    std::shared_ptr<const parsed> parsed_;
    friend result<ocsp_response> parse_ocsp_response(bytes_view);
};

// Takes an OCSPResponse or a bare BasicOCSPResponse (XAdES and old CMS embed either). errc::not_an_ocsp_response, also
// for a response whose status is not successful: it says nothing about a certificate.
result<ocsp_response> parse_ocsp_response(bytes_view der);

// DER of an OCSPRequest for one certificate: CertID with SHA-1 (what deployed responders index by; it protects
// nothing here), the nonce if it is not empty. Unsigned.
bytes ocsp_request(const certificate& subject, const certificate& issuer, bytes_view nonce);

// Until when the response says it may be used: the earliest nextUpdate in it; nullopt where one names none.
std::optional<timestamp> next_update(const ocsp_response& response);

// Is one of its answers about this certificate of this issuer?
bool speaks_of(const ocsp_response& response, const certificate& subject, const certificate& issuer);

// Does the response answer this request's nonce? True where the response carries none: many responders pre-produce
// their answers (RFC 5019, 4), and freshness is judged by time.
bool nonce_agrees(const ocsp_response& response, bytes_view nonce);

} // namespace vanthu::x509
