#include "daemon/cli/sign_certificate.hpp"

#include "daemon/cli/sign.hpp"

#include <iostream>

namespace vanthu::cli {
namespace {

sign_errc reason_of(const x509::path_verdict& path) {
    const std::string& why = path.sub_indication;
    if (why.starts_with("REVOKED")) return sign_errc::own_certificate_revoked;
    if (why == signing::sub::out_of_bounds_no_poe) return sign_errc::own_certificate_expired;
    return sign_errc::own_certificate_bad;
}

} // namespace

result<> check_own_certificate(cms::signer& who, trust_session& session, const voice& speak) {
    const x509::certificate& own = who.leaf;
    const timestamp now = session.now();
    if (std::string_view why = x509::unfit_for_documents(own); !why.empty())
        return failed(sign_errc::own_certificate_unfit, own.subject() + ": " + std::string(why));
    if (now < own.not_before() || now > own.not_after())
        return failed(sign_errc::own_certificate_expired,
                      own.subject() + ": " + to_rfc3339(own.not_before()) + " - " + to_rfc3339(own.not_after()));
    if (session.trust().anchors.empty()) return {};
    x509::path_verdict path;
    session.gather([&] {
        path = x509::validate_path(own, who.chain, session.trust(), session.known(), now,
                                   x509::purpose::document_signature, x509::revocation_rule::if_present);
        return path.missing;
    });
    if (!path.passed()) return failed(reason_of(path), own.subject() + ": " + path.sub_indication);
    if (!path.missing.empty() && !speak.as_json)
        std::cerr << speak("Chưa kiểm tra được chứng thư của người ký có bị thu hồi hay không.",
                           "Whether the signer's certificate is revoked could not be found out.")
                  << "\n";
    who.chain.clear();
    for (std::size_t i = 1; i + 1 < path.chain.size(); ++i) who.chain.push_back(path.chain[i]);
    return {};
}

} // namespace vanthu::cli
