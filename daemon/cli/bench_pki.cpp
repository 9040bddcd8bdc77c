#include "daemon/cli/bench_pki.hpp"

#include "signing/token/token.hpp"
#include "signing/x509/openssl.hpp"

#include <cstdlib>
#include <ctime>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace vanthu::cli {
using namespace ossl;
namespace {

// Setting up a measurement must work or there is nothing to measure.
void must(bool ok) {
    if (!ok) std::abort();
}
template <class T> T* must(T* p) { return must(p != nullptr), p; }

constexpr long an_hour = 3600, a_day = 86'400;

template <class T, class Encode> bytes der_of(T* object, Encode encode) {
    unsigned char* out = nullptr;
    int size = encode(object, &out);
    must(size > 0);
    bytes der(out, out + size);
    OPENSSL_free(out);
    return der;
}

std::shared_ptr<EVP_PKEY> make_key(bench_key kind) {
    return {must(kind == bench_key::p256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048)), EVP_PKEY_free};
}

using extensions = std::vector<std::pair<int, const char*>>;

// `issuer` without certificate: self-signed.
x509::certificate certify(EVP_PKEY* key, const std::string& name, const extensions& all, const bench_identity& issuer) {
    x509_ptr cert(must(X509_new()));
    X509* issuing = issuer.certificate ? issuer.certificate.native() : cert.get();
    bytes serial = random_bytes(12);
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7f) | 0x40);
    owned<BIGNUM, BN_free> number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
    BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(cert.get()));
    X509_set_version(cert.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -an_hour);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), a_day);
    X509_NAME* subject = X509_get_subject_name(cert.get());
    for (auto [field, value] : {std::pair("C", std::string("VN")), {"O", "UBND xã Đo"}, {"CN", name}})
        must(X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8,
                                        reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0) == 1);
    X509_set_issuer_name(cert.get(), X509_get_subject_name(issuing));
    X509_set_pubkey(cert.get(), key);
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuing, cert.get(), nullptr, nullptr, 0);
    auto add = [&](int nid, const char* value) {
        owned<X509_EXTENSION, X509_EXTENSION_free> e(must(X509V3_EXT_conf_nid(nullptr, &context, nid, value)));
        must(X509_add_ext(cert.get(), e.get(), -1) == 1);
    };
    for (auto [nid, value] : all) add(nid, value);
    add(NID_subject_key_identifier, "hash");
    add(NID_authority_key_identifier, "keyid");
    must(X509_sign(cert.get(), issuer.key.get(), EVP_sha256()) > 0);
    return x509::parse_certificate(der_of(cert.get(), i2d_X509)).value();
}

bench_identity identity(bench_key kind, const std::string& name, const extensions& all, const bench_identity* issuer) {
    bench_identity out{make_key(kind), {}};
    out.certificate = certify(out.key.get(), name, all, issuer ? *issuer : out);
    return out;
}

const extensions of_ca{{NID_basic_constraints, "critical,CA:TRUE"}, {NID_key_usage, "critical,keyCertSign,cRLSign"}};
const extensions of_signer{{NID_basic_constraints, "CA:FALSE"},
                           {NID_key_usage, "critical,digitalSignature,nonRepudiation"}};
const extensions of_tsa{{NID_basic_constraints, "CA:FALSE"},
                        {NID_key_usage, "critical,digitalSignature"},
                        {NID_ext_key_usage, "critical,timeStamping"}};

x509::crl make_crl(const bench_identity& issuer, unsigned revoked) {
    crl_ptr list(must(X509_CRL_new()));
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.certificate.native()));
    owned<ASN1_TIME, ASN1_TIME_free> from(X509_gmtime_adj(nullptr, -an_hour)), to(X509_gmtime_adj(nullptr, a_day));
    X509_CRL_set1_lastUpdate(list.get(), from.get());
    X509_CRL_set1_nextUpdate(list.get(), to.get());
    for (unsigned i = 0; i < revoked; ++i) {
        X509_REVOKED* entry = must(X509_REVOKED_new());
        owned<ASN1_INTEGER, ASN1_INTEGER_free> serial(ASN1_INTEGER_new());
        ASN1_INTEGER_set_uint64(serial.get(), i + 1);
        X509_REVOKED_set_serialNumber(entry, serial.get());
        X509_REVOKED_set_revocationDate(entry, from.get());
        must(X509_CRL_add0_revoked(list.get(), entry) == 1);
    }
    X509_CRL_sort(list.get());
    must(X509_CRL_sign(list.get(), issuer.key.get(), EVP_sha256()) > 0);
    return x509::parse_crl(der_of(list.get(), i2d_X509_CRL)).value();
}

// By the CA itself (RFC 6960, 4.2.2.2).
x509::ocsp_response make_response(const bench_identity& about, const bench_identity& issuer) {
    owned<OCSP_BASICRESP, OCSP_BASICRESP_free> basic(must(OCSP_BASICRESP_new()));
    owned<OCSP_CERTID, OCSP_CERTID_free> id(
        must(OCSP_cert_to_id(EVP_sha1(), about.certificate.native(), issuer.certificate.native())));
    owned<ASN1_TIME, ASN1_TIME_free> from(X509_gmtime_adj(nullptr, -an_hour)), to(X509_gmtime_adj(nullptr, a_day));
    must(OCSP_basic_add1_status(basic.get(), id.get(), V_OCSP_CERTSTATUS_GOOD, 0, nullptr, from.get(), to.get()) !=
         nullptr);
    must(OCSP_basic_sign(basic.get(), issuer.certificate.native(), issuer.key.get(), EVP_sha256(), nullptr,
                         OCSP_NOCERTS) == 1);
    owned<OCSP_RESPONSE, OCSP_RESPONSE_free> whole(
        must(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get())));
    return x509::parse_ocsp_response(der_of(whole.get(), i2d_OCSP_RESPONSE)).value();
}

ASN1_INTEGER* random_serial(TS_RESP_CTX*, void*) {
    ASN1_INTEGER* serial = ASN1_INTEGER_new();
    bytes raw = random_bytes(7);
    std::uint64_t value = 1;
    for (std::uint8_t b : raw) value = value << 8 | b;
    ASN1_INTEGER_set_uint64(serial, value);
    return serial;
}

} // namespace

std::string bench_identity::key_pem() const {
    bio_ptr out(BIO_new(BIO_s_mem()));
    must(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    char* text = nullptr;
    long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

bench_pki::bench_pki(bench_key kind, unsigned signers, unsigned revoked) : kind_(kind) {
    root_ = identity(kind, "Gốc để đo", of_ca, nullptr);
    sub_ = identity(kind, "CA để đo", of_ca, &root_);
    tsa_ = identity(kind, "TSA để đo", of_tsa, &sub_);
    for (unsigned i = 0; i < signers; ++i) {
        signers_.push_back(identity(kind, "Người ký " + std::to_string(i), of_signer, &sub_));
        responses_.push_back(make_response(signers_.back(), sub_));
    }
    responses_.push_back(make_response(tsa_, sub_));
    lists_.crls = {make_crl(root_, 0), make_crl(sub_, revoked)};
}

x509::trust_store bench_pki::trust() const { return {{root_.certificate}, {sub_.certificate}, {}}; }

x509::evidence bench_pki::evidence_of(std::size_t signer) const {
    return {{lists_.crls.front()}, {responses_[signer], responses_.back()}};
}

std::vector<x509::certificate> bench_pki::chain_of(std::size_t signer) const {
    return {signers_[signer].certificate, sub_.certificate, root_.certificate, tsa_.certificate};
}

cms::signer bench_pki::signer(std::size_t which) const {
    const bench_identity& who = signers_[which];
    return token::make_signer(token::file_key{who.certificate, {sub_.certificate}, who.key},
                              token::default_scheme(who.certificate))
        .value();
}

x509::certificate bench_pki::certify(bytes_view spki, const std::string& common_name) const {
    const unsigned char* at = spki.data();
    pkey_ptr key(must(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size()))));
    return cli::certify(key.get(), common_name, of_signer, sub_);
}

cms::timestamp_token bench_pki::stamp(const digest& imprint) const {
    bytes nonce = random_bytes(cms::nonce_size), request = cms::timestamp_request(imprint, nonce);
    owned<TS_RESP_CTX, TS_RESP_CTX_free> context(must(TS_RESP_CTX_new()));
    owned<ASN1_OBJECT, ASN1_OBJECT_free> policy(OBJ_txt2obj("2.16.704.1.1.1.1.1", 1));
    must(TS_RESP_CTX_set_signer_cert(context.get(), tsa_.certificate.native()) == 1 &&
         TS_RESP_CTX_set_signer_key(context.get(), tsa_.key.get()) == 1 &&
         TS_RESP_CTX_set_def_policy(context.get(), policy.get()) == 1 &&
         TS_RESP_CTX_set_signer_digest(context.get(), EVP_sha256()) == 1 &&
         TS_RESP_CTX_set_ess_cert_id_digest(context.get(), EVP_sha256()) == 1 &&
         TS_RESP_CTX_add_md(context.get(), EVP_sha256()) == 1);
    TS_RESP_CTX_set_serial_cb(context.get(), random_serial, nullptr);
    bio_ptr in(BIO_new_mem_buf(request.data(), static_cast<int>(request.size())));
    owned<TS_RESP, TS_RESP_free> reply(must(TS_RESP_create_response(context.get(), in.get())));
    bytes der = der_of(reply.get(), i2d_TS_RESP);
    ERR_clear_error();
    return cms::check_timestamp_reply(der, imprint, nonce).value();
}

} // namespace vanthu::cli
