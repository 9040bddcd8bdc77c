// The bytes that an authority answers with.
#include "tests/support/test_authority.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

namespace vanthu::test {
namespace {

using std::chrono::hours;

constexpr std::array<std::pair<std::string_view, fault>, 13> names{{
    {"other-nonce", fault::other_nonce},
    {"no-nonce", fault::no_nonce},
    {"wrong-signer", fault::wrong_signer},
    {"other-cert", fault::other_cert},
    {"revoked", fault::revoked},
    {"unknown", fault::unknown},
    {"stale", fault::stale},
    {"refuse", fault::refuse},
    {"wrong-imprint", fault::wrong_imprint},
    {"garbage", fault::garbage},
    {"http-error", fault::http_error},
    {"slow", fault::slow},
    {"hang-up", fault::hang_up},
}};

std::time_t seconds(timestamp t) { return std::chrono::system_clock::to_time_t(t); }

std::string serial_of(const ASN1_INTEGER* serial) {
    BIGNUM* number = ASN1_INTEGER_to_BN(serial, nullptr);
    char* text = BN_bn2hex(number);
    std::string out = text;
    OPENSSL_free(text);
    BN_free(number);
    return out;
}

// Same name, same purpose, nobody's trust.
identity stranger(const identity& who, profile use) {
    auto part = [&](int nid) {
        char text[256] = {};
        X509_NAME_get_text_by_NID(X509_get_subject_name(who.certificate()), nid, text, sizeof text);
        return std::string(text);
    };
    return self_signed({.common_name = part(NID_commonName), .organisation = part(NID_organizationName), .use = use});
}

bytes der_of(OCSP_RESPONSE* response) {
    unsigned char* der = nullptr;
    int size = i2d_OCSP_RESPONSE(response, &der);
    if (size <= 0) std::abort();
    bytes out(der, der + size);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    return out;
}

bytes refusal(int status) { return der_of(OCSP_response_create(status, nullptr)); }

const EVP_MD* hash_of(const OCSP_CERTID* id) {
    ASN1_OBJECT* algorithm = nullptr;
    OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, const_cast<OCSP_CERTID*>(id));
    return EVP_get_digestbyobj(algorithm);
}

bool is_of(const OCSP_CERTID* id, const identity& issuer) {
    const EVP_MD* md = hash_of(id);
    if (!md) return false;
    OCSP_CERTID* own = OCSP_cert_to_id(md, nullptr, issuer.certificate());
    bool same = own && OCSP_id_issuer_cmp(own, id) == 0;
    OCSP_CERTID_free(own);
    return same;
}

// The same issuer, the serial number one higher.
OCSP_CERTID* neighbour(const OCSP_CERTID* id) {
    OCSP_CERTID* other = OCSP_CERTID_dup(const_cast<OCSP_CERTID*>(id));
    ASN1_INTEGER* serial = nullptr;
    OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial, other);
    BIGNUM* number = ASN1_INTEGER_to_BN(serial, nullptr);
    BN_add_word(number, 1);
    BN_to_ASN1_INTEGER(number, serial);
    BN_free(number);
    return other;
}

} // namespace

std::optional<fault> fault_of(std::string_view name) {
    for (auto& [text, value] : names)
        if (text == name) return value;
    return std::nullopt;
}

std::vector<std::string_view> fault_names() {
    std::vector<std::string_view> all;
    for (auto& row : names) all.push_back(row.first);
    return all;
}

authority authority::of(const test_ca& ca) {
    subject_spec spec{.common_name = "Vanthu Test OCSP", .organisation = "Vanthu Test", .use = profile::ocsp};
    return {.root = ca.root(),
            .sub = ca.sub(),
            .ocsp_root = test_ca::issue_by(ca.root(), spec),
            .ocsp_sub = ca.issue(spec),
            .tsa = ca.issue({.common_name = "Vanthu Test TSA", .organisation = "Vanthu Test", .use = profile::tsa})};
}

bytes authority::ocsp(bytes_view request, timestamp now, fault how) const {
    const unsigned char* at = request.data();
    OCSP_REQUEST* asked = d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(request.size()));
    ERR_clear_error();
    if (!asked) return refusal(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    std::unique_ptr<OCSP_REQUEST, decltype(&OCSP_REQUEST_free)> keep(asked, OCSP_REQUEST_free);
    if (OCSP_request_onereq_count(asked) < 1) return refusal(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);

    timestamp said = how == fault::stale ? now - hours(24 * 10) : now;
    auto time = [](timestamp t) { return ASN1_GENERALIZEDTIME_set(nullptr, seconds(t)); };
    ASN1_GENERALIZEDTIME *this_update = time(said), *next_update = time(said + hours(24)),
                         *yesterday = time(now - hours(24));
    OCSP_BASICRESP* answer = OCSP_BASICRESP_new();
    const identity* signer = nullptr;
    bool authorised = how != fault::refuse;
    for (int i = 0; i < OCSP_request_onereq_count(asked); ++i) {
        OCSP_CERTID* id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(asked, i));
        const identity* own = is_of(id, sub) ? &ocsp_sub : is_of(id, root) ? &ocsp_root : nullptr;
        // One signer for all: a question about two CAs is for nobody here.
        if (!own || (signer && signer != own)) authorised = false;
        signer = own;
        ASN1_INTEGER* serial = nullptr;
        OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial, id);
        auto entry = std::ranges::find(revoked, serial_of(serial), &revoked_certificate::serial);
        OCSP_CERTID* about = how == fault::other_cert ? neighbour(id) : OCSP_CERTID_dup(id);
        if (how == fault::revoked) {
            OCSP_basic_add1_status(answer, about, V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                                   yesterday, this_update, next_update);
        } else if (how == fault::unknown) {
            OCSP_basic_add1_status(answer, about, V_OCSP_CERTSTATUS_UNKNOWN, 0, nullptr, this_update, next_update);
        } else if (entry != revoked.end() && entry->when <= now) {
            ASN1_GENERALIZEDTIME* when = time(entry->when);
            OCSP_basic_add1_status(answer, about, V_OCSP_CERTSTATUS_REVOKED,
                                   entry->reason < 0 ? OCSP_REVOKED_STATUS_NOSTATUS : entry->reason, when, this_update,
                                   next_update);
            ASN1_GENERALIZEDTIME_free(when);
        } else {
            OCSP_basic_add1_status(answer, about, V_OCSP_CERTSTATUS_GOOD, 0, nullptr, this_update, next_update);
        }
        OCSP_CERTID_free(about);
    }
    ASN1_GENERALIZEDTIME_free(this_update);
    ASN1_GENERALIZEDTIME_free(next_update);
    ASN1_GENERALIZEDTIME_free(yesterday);
    if (!authorised) {
        OCSP_BASICRESP_free(answer);
        return refusal(OCSP_RESPONSE_STATUS_UNAUTHORIZED);
    }
    if (how == fault::other_nonce)
        OCSP_basic_add1_nonce(answer, nullptr, 16);
    else if (how != fault::no_nonce)
        OCSP_copy_nonce(answer, asked);
    identity who = how == fault::wrong_signer ? stranger(*signer, profile::ocsp) : *signer;
    // OpenSSL would state its own clock as producedAt.
    ASN1_GENERALIZEDTIME_set(const_cast<ASN1_GENERALIZEDTIME*>(OCSP_resp_get0_produced_at(answer)), seconds(said));
    if (OCSP_basic_sign(answer, who.certificate(), who.key(), EVP_sha256(), nullptr, OCSP_NOTIME) != 1) std::abort();
    OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answer);
    OCSP_BASICRESP_free(answer);
    return der_of(response);
}

bytes authority::timestamp_reply(bytes_view request, timestamp now, fault how) const {
    return test_tsa(how == fault::wrong_signer ? stranger(tsa, profile::tsa) : tsa, {sub}, request,
                    how == fault::stale ? now - hours(24 * 10) : now,
                    {.refuse = how == fault::refuse,
                     .other_nonce = how == fault::other_nonce,
                     .other_imprint = how == fault::wrong_imprint});
}

bytes authority::crl(const identity& issuer, timestamp now, fault how) const {
    timestamp said = how == fault::stale ? now - hours(24 * 10) : now - hours(1);
    test_ca::crl_spec spec{.this_update = said, .next_update = said + hours(25)};
    if (how != fault::stale)
        for (const revoked_certificate& r : revoked)
            if (r.when <= now) spec.this_update = std::max(spec.this_update, r.when);
    // Only the serial number of an entry's certificate is used.
    std::vector<std::unique_ptr<X509, decltype(&X509_free)>> keep;
    for (const revoked_certificate& r : revoked) {
        if (r.when > now) continue;
        BIGNUM* number = nullptr;
        BN_hex2bn(&number, r.serial.c_str());
        X509* cert = X509_new();
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
        BN_free(number);
        keep.emplace_back(cert, X509_free);
        spec.revoked.push_back({cert, r.when, r.reason});
    }
    return test_ca::crl_of(how == fault::wrong_signer ? stranger(issuer, profile::sub_ca) : issuer, spec);
}

std::vector<std::string> authority_urls(const std::string& base, const std::string& issuer) {
    return {"crlDistributionPoints=URI:" + base + "/" + issuer + ".crl",
            "authorityInfoAccess=OCSP;URI:" + base + "/ocsp,caIssuers;URI:" + base + "/" + issuer + ".crt"};
}

} // namespace vanthu::test
