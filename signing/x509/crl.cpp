#include "signing/x509/certificate.hpp"
#include "signing/x509/openssl.hpp"
#include "signing/x509/pem.hpp"

namespace vanthu::x509 {
using namespace ossl;

struct crl::parsed {
    crl_ptr native;
    bytes der;
    digest fingerprint;
    std::string issuer;
    timestamp this_update{};
    std::optional<timestamp> next_update;
    scope_of_list scope;
    int signature_hash = 0;
};

namespace {

// Relative names are not followed: a point with one names nothing.
std::vector<std::string> urls_of(const DIST_POINT_NAME* point) {
    std::vector<std::string> all;
    if (point->type != 0) return all;
    for (int i = 0; i < sk_GENERAL_NAME_num(point->name.fullname); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(point->name.fullname, i);
        if (name->type == GEN_URI) all.emplace_back(as_text(octets(name->d.uniformResourceIdentifier)));
    }
    return all;
}

bool extensions_understood(const X509_CRL* list) {
    for (int i = 0; i < X509_CRL_get_ext_count(list); ++i) {
        X509_EXTENSION* extension = X509_CRL_get_ext(list, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
        if (nid == NID_delta_crl) return false;
        bool known =
            nid == NID_issuing_distribution_point || nid == NID_authority_key_identifier || nid == NID_crl_number;
        if (X509_EXTENSION_get_critical(extension) && !known) return false;
    }
    return true;
}

// An entry with a critical extension that is not understood makes the list useless (RFC 5280, 5.3).
bool entries_understood(X509_CRL* list) {
    STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(list);
    for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
        const X509_REVOKED* entry = sk_X509_REVOKED_value(entries, i);
        for (int e = 0; e < X509_REVOKED_get_ext_count(entry); ++e) {
            X509_EXTENSION* extension = X509_REVOKED_get_ext(entry, e);
            int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
            if (X509_EXTENSION_get_critical(extension) && nid != NID_crl_reason && nid != NID_invalidity_date)
                return false;
        }
    }
    return true;
}

std::optional<timestamp> retained_since(const X509_CRL* list) {
    static const ASN1_OBJECT* const oid = OBJ_txt2obj("2.5.29.60", 1);
    int at = X509_CRL_get_ext_by_OBJ(list, oid, -1);
    if (at < 0) return std::nullopt;
    bytes value = octets(X509_EXTENSION_get_data(X509_CRL_get_ext(list, at)));
    const unsigned char* p = value.data();
    owned<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free> time(
        d2i_ASN1_GENERALIZEDTIME(nullptr, &p, static_cast<long>(value.size())));
    return time ? time_of(time.get()) : std::nullopt;
}

crl::scope_of_list scope_of(X509_CRL* list) {
    crl::scope_of_list out;
    out.retained_since = retained_since(list);
    out.usable = extensions_understood(list) && entries_understood(list);
    int state = 0;
    owned<ISSUING_DIST_POINT, ISSUING_DIST_POINT_free> scope(
        static_cast<ISSUING_DIST_POINT*>(X509_CRL_get_ext_d2i(list, NID_issuing_distribution_point, &state, nullptr)));
    if (!scope) { // -1: absent; anything else could not be read
        out.usable = out.usable && state == -1;
        return out;
    }
    if (scope->indirectCRL > 0 || scope->onlyattr > 0 || scope->onlysomereasons) out.usable = false;
    out.only_users = scope->onlyuser > 0;
    out.only_cas = scope->onlyCA > 0;
    if (scope->distpoint) out.points = urls_of(scope->distpoint);
    return out;
}

} // namespace

result<crl> parse_crl(bytes_view file) {
    bytes from_pem;
    if (file.empty() || file[0] != 0x30) {
        auto blocks = pem_blocks(as_text(file), {"X509 CRL"});
        if (blocks.empty()) return failed(errc::not_a_crl, "neither DER nor PEM");
        from_pem = std::move(blocks.front());
        file = from_pem;
    }
    auto p = std::make_shared<crl::parsed>();
    const unsigned char* at = file.data();
    p->native.reset(d2i_X509_CRL(nullptr, &at, static_cast<long>(file.size())));
    X509_CRL* native = p->native.get();
    if (!native || at != file.data() + file.size()) return failed(errc::not_a_crl, drain_errors());
    auto issued = time_of(X509_CRL_get0_lastUpdate(native));
    if (!issued) return failed(errc::not_a_crl, "thisUpdate cannot be read");
    p->this_update = *issued;
    p->next_update = time_of(X509_CRL_get0_nextUpdate(native));
    p->der.assign(file.begin(), file.end());
    p->fingerprint = sha256::of(p->der);
    p->issuer = name_text(X509_CRL_get_issuer(native));
    p->scope = scope_of(native);
    const X509_ALGOR* algorithm = nullptr;
    X509_CRL_get0_signature(native, nullptr, &algorithm);
    p->signature_hash = ossl::signature_hash(algorithm);
    drain_errors();
    crl value;
    value.parsed_ = std::move(p);
    return value;
}

const bytes& crl::der() const { return parsed_->der; }
const digest& crl::sha256() const { return parsed_->fingerprint; }
const std::string& crl::issuer() const { return parsed_->issuer; }
timestamp crl::this_update() const { return parsed_->this_update; }
std::optional<timestamp> crl::next_update() const { return parsed_->next_update; }
const crl::scope_of_list& crl::scope() const { return parsed_->scope; }
int crl::signature_hash() const { return parsed_->signature_hash; }
X509_crl_st* crl::native() const { return parsed_->native.get(); }

std::optional<crl::entry> crl::find(const certificate& cert) const {
    X509_REVOKED* found = nullptr; // OpenSSL sorts the list at the first search, under a lock
    // 2: the entry takes itself back (removeFromCRL), which the caller must not overlook
    if (X509_CRL_get0_by_serial(native(), &found, X509_get0_serialNumber(cert.native())) == 0) return std::nullopt;
    owned<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(
        static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(found, NID_crl_reason, nullptr, nullptr)));
    return entry{time_of(X509_REVOKED_get0_revocationDate(found)).value_or(timestamp::min()),
                 reason ? ASN1_ENUMERATED_get(reason.get()) : 0};
}

} // namespace vanthu::x509
