// What has been found out about bytes and stays true for ever: certificates, CRLs and OCSP responses parsed, which key
// made which signature, that a chain keeps the rules of PKIX. A verifier that sees the same authorities in every
// document owns one and passes it to each verification.
//
// Guaranteed
//   - nothing in it depends on time, trust, revocation, algorithms or policy, and verdicts are not kept: an expiry, a
//     newer CRL, an anchor taken away or another policy tells at the very next call, with the same cache
//   - every answer is the one that would be given without it: keys are SHA-256 values over all bytes that matter.
//     Failures are not kept: one may have come from a shortage of memory
//   - bounded, whatever hostile documents bring along. What was used last is forgotten last (two generations)
// Any thread.
#pragma once

#include "signing/x509/certificate.hpp"
#include "signing/x509/ocsp.hpp"

#include <functional>
#include <memory>

namespace vanthu::x509 {

class cache {
public:
    // `bytes`: of memory, estimated from the encodings; half of it for certificates, a quarter for CRLs and an eighth
    // each for OCSP responses and for what was found out. A larger object than its part allows is not kept.
    explicit cache(std::size_t bytes = std::size_t{64} << 20);
    ~cache();
    cache(const cache&) = delete;

    // As parse_certificate(), parse_crl(), parse_ocsp_response() for DER.
    result<certificate> certificate_of(bytes_view der);
    result<crl> crl_of(bytes_view der);
    result<ocsp_response> ocsp_response_of(bytes_view der);

    // Is it so? `question` is a hash over everything that the answer of `check` depends on; a yes is kept.
    bool holds(const digest& question, const std::function<bool()>& check);

    std::size_t size() const; // bytes, estimated; never more than the bound

private:
    struct state;
    std::unique_ptr<state> state_;
};

// The same with or without a cache.
result<certificate> certificate_of(bytes_view der, cache* memory);
result<crl> crl_of(bytes_view der, cache* memory);
result<ocsp_response> ocsp_response_of(bytes_view der, cache* memory);

// Did this certificate's key sign that object, which has the hash `object`? `of` tells kinds of question apart.
enum class signed_object : std::uint8_t { certificate = 1, crl, ocsp_response };
bool is_signed_by(signed_object of, const digest& object, const certificate& signer, cache* memory,
                  const std::function<bool()>& check);

} // namespace vanthu::x509
