#include "signing/x509/openssl.hpp"
#include "signing/x509/revocation.hpp"

namespace vanthu::x509 {
using namespace ossl;
namespace {

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

// An entry with a critical extension that is not understood makes the list useless (RFC 5280, 5.3).
bool odd_entries(X509_CRL* list) {
    STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(list);
    for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
        const X509_REVOKED* entry = sk_X509_REVOKED_value(entries, i);
        for (int e = 0; e < X509_REVOKED_get_ext_count(entry); ++e) {
            X509_EXTENSION* extension = X509_REVOKED_get_ext(entry, e);
            int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
            if (X509_EXTENSION_get_critical(extension) && nid != NID_crl_reason && nid != NID_invalidity_date)
                return true;
        }
    }
    return false;
}

// expiredCertsOnCRL (ITU-T X.509, 9.5.2.8): certificates that expired after it stay listed.
std::optional<timestamp> retained_since(X509_CRL* list) {
    static const ASN1_OBJECT* const oid = OBJ_txt2obj("2.5.29.60", 1);
    int at = X509_CRL_get_ext_by_OBJ(list, oid, -1);
    if (at < 0) return std::nullopt;
    bytes value = octets(X509_EXTENSION_get_data(X509_CRL_get_ext(list, at)));
    const unsigned char* p = value.data();
    owned<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free> time(
        d2i_ASN1_GENERALIZEDTIME(nullptr, &p, static_cast<long>(value.size())));
    return time ? time_of(time.get()) : std::nullopt;
}

std::optional<revocation_entry> entry_for(X509_CRL* list, const certificate& cert) {
    X509_REVOKED* found = nullptr;
    if (X509_CRL_get0_by_serial(list, &found, X509_get0_serialNumber(cert.native())) != 1) return std::nullopt;
    owned<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(
        static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(found, NID_crl_reason, nullptr, nullptr)));
    return revocation_entry{time_of(X509_REVOKED_get0_revocationDate(found)).value_or(timestamp::min()),
                            reason_text(reason ? ASN1_ENUMERATED_get(reason.get()) : 0), true};
}

int hash_of_signature(X509_CRL* list) {
    const X509_ALGOR* algorithm = nullptr;
    X509_CRL_get0_signature(list, nullptr, &algorithm);
    return signature_hash(algorithm);
}

// "" or why the list says nothing about the subject.
std::string_view unusable(const revocation_question& about, const crl& list) {
    X509_CRL* native = list.native();
    if (!in_scope(native, about.subject) || odd_entries(native)) return "x509.crl_out_of_scope";
    timestamp since = about.exists_since(list.sha256());
    if (!acceptable_hash(about, hash_of_signature(native), since)) return "x509.crl_weak_algorithm";
    bool genuine = X509_CRL_verify(native, about.issuer.public_key()) == 1;
    drain_errors();
    if (!genuine) return "x509.crl_bad_signature";
    return since <= about.horizon ? "" : "x509.evidence_not_proven";
}

} // namespace

void read_crls(const revocation_question& about, const std::vector<crl>& crls, std::vector<statement>& all,
               revocation_status& out) {
    if (about.issuer.usage().present && !about.issuer.usage().crl_sign) return;
    for (const crl& list : crls) {
        X509_CRL* native = list.native();
        if (X509_NAME_cmp(X509_CRL_get_issuer(native), X509_get_issuer_name(about.subject.native())) != 0) continue;
        if (std::string_view why = unusable(about, list); !why.empty()) {
            out.why_unknown = why;
            continue;
        }
        statement s;
        s.this_update = list.this_update();
        s.next_update = list.next_update();
        s.timely = timely(about, list.this_update(), list.next_update(), retained_since(native));
        s.entry = entry_for(native, about.subject);
        s.says = !s.entry                               ? statement::good
                 : s.entry->reason == "certificateHold" ? statement::held
                                                        : statement::revoked;
        s.source.crls.push_back(list);
        if (!s.timely) out.why_unknown = "x509.crl_stale";
        all.push_back(std::move(s));
    }
}

} // namespace vanthu::x509
