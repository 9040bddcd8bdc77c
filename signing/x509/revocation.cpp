#include "signing/x509/revocation.hpp"

#include "signing/x509/openssl.hpp"

namespace vanthu::x509 {
using namespace ossl;
namespace {

std::string reason_text(X509_REVOKED* entry) {
    static constexpr std::string_view names[] = {"unspecified",        "keyCompromise", "cACompromise",
                                                 "affiliationChanged", "superseded",    "cessationOfOperation",
                                                 "certificateHold",    "unspecified",   "removeFromCRL",
                                                 "privilegeWithdrawn", "aACompromise"};
    owned<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(
        static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
    long value = reason ? ASN1_ENUMERATED_get(reason.get()) : 0;
    return std::string(value >= 0 && value < long(std::size(names)) ? names[value] : names[0]);
}

bool names_a_point_of(const DIST_POINT_NAME* point, const certificate& cert) {
    if (point->type != 0) return false; // relative names are not followed
    for (int i = 0; i < sk_GENERAL_NAME_num(point->name.fullname); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(point->name.fullname, i);
        if (name->type != GEN_URI) continue;
        bytes url = octets(name->d.uniformResourceIdentifier);
        for (const std::string& own : cert.crl_urls())
            if (own == as_text(url)) return true;
    }
    return false;
}

// May this CRL speak about this certificate at all?
bool in_scope(X509_CRL* list, const certificate& cert) {
    for (int i = 0; i < X509_CRL_get_ext_count(list); ++i) {
        X509_EXTENSION* extension = X509_CRL_get_ext(list, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
        if (nid == NID_delta_crl) return false;
        bool known =
            nid == NID_issuing_distribution_point || nid == NID_authority_key_identifier || nid == NID_crl_number;
        if (X509_EXTENSION_get_critical(extension) && !known) return false;
    }
    int state = 0;
    owned<ISSUING_DIST_POINT, ISSUING_DIST_POINT_free> scope(
        static_cast<ISSUING_DIST_POINT*>(X509_CRL_get_ext_d2i(list, NID_issuing_distribution_point, &state, nullptr)));
    if (!scope) return state == -1; // absent; anything else could not be read
    if (scope->indirectCRL > 0 || scope->onlyattr > 0 || scope->onlysomereasons) return false;
    if (cert.is_ca() ? scope->onlyuser > 0 : scope->onlyCA > 0) return false;
    return !scope->distpoint || names_a_point_of(scope->distpoint, cert);
}

bool acceptable_hash(X509_CRL* list) {
    const X509_ALGOR* algorithm = nullptr;
    X509_CRL_get0_signature(list, nullptr, &algorithm);
    int md = signature_hash(algorithm);
    return md == NID_sha256 || md == NID_sha384 || md == NID_sha512;
}

// Does its time let it answer for `at`? A CRL issued after the certificate expired may have dropped it.
bool fresh(const crl& list, const certificate& cert, timestamp at) {
    if (list.this_update() > at) return list.this_update() <= cert.not_after();
    return list.next_update() && at <= *list.next_update();
}

} // namespace

revocation_status check_crls(const certificate& cert, const certificate& issuer, const std::vector<crl>& crls,
                             timestamp at) {
    revocation_status answer;
    bool usable = false;
    for (const crl& list : crls) {
        X509_CRL* native = list.native();
        if (X509_NAME_cmp(X509_CRL_get_issuer(native), X509_get_issuer_name(cert.native())) != 0) continue;
        if (issuer.usage().present && !issuer.usage().crl_sign) continue;
        if (!in_scope(native, cert)) {
            answer.why_unknown = "x509.crl_out_of_scope";
            continue;
        }
        if (!acceptable_hash(native)) {
            answer.why_unknown = "x509.crl_weak_algorithm";
            continue;
        }
        bool genuine = X509_CRL_verify(native, issuer.public_key()) == 1;
        drain_errors();
        if (!genuine) {
            answer.why_unknown = "x509.crl_bad_signature";
            continue;
        }
        bool timely = fresh(list, cert, at);
        X509_REVOKED* found = nullptr;
        int listed = X509_CRL_get0_by_serial(native, &found, X509_get0_serialNumber(cert.native()));
        if (listed == 1) {
            revocation_entry entry{time_of(X509_REVOKED_get0_revocationDate(found)).value_or(timestamp::min()),
                                   reason_text(found), true};
            // A stale CRL still proves a revocation, but not a hold: that may have been lifted since.
            bool counts = timely || entry.reason != "certificateHold";
            if (counts && (!answer.entry || entry.when < answer.entry->when)) answer.entry = std::move(entry);
        }
        if (timely && (!usable || list.this_update() > answer.used.crls.front().this_update())) // the latest says most
            answer.used.crls.assign(1, list);
        if (timely)
            usable = true;
        else
            answer.why_unknown = "x509.crl_stale";
    }
    if (answer.entry && answer.entry->when <= at)
        answer.state = revocation_status::revoked;
    else if (usable)
        answer.state = revocation_status::good;
    return answer;
}

} // namespace vanthu::x509
