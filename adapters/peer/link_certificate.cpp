#include "adapters/peer/link_certificate.hpp"

#include <algorithm>

namespace vanthu::peer_link {

bool is_for_signing(const registry::registry& r, const registry::certificate_ids& ids) {
    auto a_seal = [&](const registry::agency_certificate& a) {
        return a.use == registry::certificate_use::seal && registry::matches(a.certificate, ids);
    };
    auto a_persons = [&](const registry::authority& a) { return registry::matches(a.certificate, ids); };
    return std::ranges::any_of(r.agency_certificates(), a_seal) || std::ranges::any_of(r.authorities(), a_persons);
}

result<> may_open_link(const net::peer_identity& p, side of_the_peer, const registry::registry& r) {
    if (!(of_the_peer == side::client ? p.made_for_clients : p.made_for_servers))
        return failed(errc::not_a_link_certificate, p.subject);
    if (p.spki_sha256 && p.certificate_sha256 &&
        is_for_signing(r, {*p.spki_sha256, *p.certificate_sha256, p.subject, p.issuer}))
        return failed(errc::signing_certificate, p.subject);
    return {};
}

} // namespace vanthu::peer_link
