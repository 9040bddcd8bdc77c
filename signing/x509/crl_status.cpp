#include "signing/x509/openssl.hpp"
#include "signing/x509/revocation.hpp"

#include <algorithm>

namespace vanthu::x509 {
using namespace ossl;
namespace {

// May this CRL speak about this certificate at all?
bool in_scope(const crl& list, const certificate& cert) {
    const crl::scope_of_list& scope = list.scope();
    if (!scope.usable || (cert.is_ca() ? scope.only_users : scope.only_cas)) return false;
    if (!scope.points) return true;
    return std::ranges::any_of(*scope.points, [&](const std::string& url) {
        return std::ranges::find(cert.crl_urls(), url) != cert.crl_urls().end();
    });
}

// "" or why the list says nothing about the subject.
std::string_view unusable(const revocation_question& about, const crl& list) {
    if (!in_scope(list, about.subject)) return "x509.crl_out_of_scope";
    timestamp since = about.exists_since(list.sha256());
    if (!acceptable_hash(about, list.signature_hash(), since)) return "x509.crl_weak_algorithm";
    bool genuine = is_signed_by(signed_object::crl, list.sha256(), about.issuer, about.memory, [&] {
        bool good = X509_CRL_verify(list.native(), about.issuer.public_key()) == 1;
        drain_errors();
        return good;
    });
    if (!genuine) return "x509.crl_bad_signature";
    return since <= about.horizon ? "" : "x509.evidence_not_proven";
}

} // namespace

void read_crls(const revocation_question& about, const std::vector<crl>& crls, std::vector<statement>& all,
               revocation_status& out) {
    if (about.issuer.usage().present && !about.issuer.usage().crl_sign) return;
    for (const crl& list : crls) {
        if (X509_NAME_cmp(X509_CRL_get_issuer(list.native()), X509_get_issuer_name(about.subject.native())) != 0)
            continue;
        if (std::string_view why = unusable(about, list); !why.empty()) {
            out.why_unknown = why;
            continue;
        }
        auto entry = list.find(about.subject);
        // Only a delta list takes an entry back; in a whole one nobody can say what it means (RFC 5280, 5.3.1).
        if (entry && entry->reason == CRL_REASON_REMOVE_FROM_CRL) {
            out.why_unknown = "x509.crl_out_of_scope";
            continue;
        }
        statement s;
        s.this_update = list.this_update();
        s.next_update = list.next_update();
        s.timely = timely(about, list.this_update(), list.next_update(), list.scope().retained_since);
        if (entry) s.entry = revocation_entry{entry->when, reason_text(entry->reason), true};
        s.says = !s.entry                               ? statement::good
                 : s.entry->reason == "certificateHold" ? statement::held
                                                        : statement::revoked;
        s.source.crls.push_back(list);
        if (!s.timely) out.why_unknown = "x509.crl_stale";
        all.push_back(std::move(s));
    }
}

} // namespace vanthu::x509
