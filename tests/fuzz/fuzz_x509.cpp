// Any bytes as a certificate, a CRL or an OCSP response: read or refused; what was read has the same name when it is
// read again, and nobody is trusted who is not an anchor.
#include "signing/x509/path.hpp"
#include "tests/fuzz/check.hpp"

using namespace vanthu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bytes_view input(data, size);
    static const timestamp at = from_rfc3339("2026-03-01T08:00:00Z").value();
    x509::evidence known;
    if (auto list = x509::parse_crl(input)) known.crls.push_back(*list);
    if (auto answer = x509::parse_ocsp_response(input)) known.ocsp_responses.push_back(*answer);
    auto all = x509::parse_certificates(input);
    if (!all) return 0;
    for (const x509::certificate& c : *all) {
        auto again = x509::parse_certificate(c.der());
        check(again && again->sha256() == c.sha256() && again->subject() == c.subject());
        (void)x509::unfit_for_documents(c);
        x509::trust_store itself;
        itself.anchors.push_back(c);
        for (auto why : {x509::purpose::document_signature, x509::purpose::time_stamping}) {
            check(!x509::validate_path(c, *all, {}, known, at, why).passed());
            (void)x509::validate_path(c, *all, itself, known, at, why);
        }
    }
    return 0;
}
