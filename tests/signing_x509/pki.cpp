#include "tests/signing_x509/pki.hpp"

#include <cstdio>
#include <cstdlib>
#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>

namespace vanthu::test {
using namespace ossl;
namespace {

void must(bool good, const char* what) {
    if (good) return;
    std::fprintf(stderr, "test PKI: %s failed\n", what);
    ERR_print_errors_fp(stderr);
    std::abort();
}
template <class T> T* must(T* p, const char* what) {
    must(p != nullptr, what);
    return p;
}

std::time_t seconds(const char* text) { return std::chrono::system_clock::to_time_t(at_time(text)); }

using asn1_time = owned<ASN1_TIME, ASN1_TIME_free>;
using general_time = owned<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free>;
asn1_time time_from(const char* text) { return asn1_time(must(ASN1_TIME_set(nullptr, seconds(text)), "time")); }
general_time general_from(const char* text) {
    return general_time(*text ? must(ASN1_GENERALIZEDTIME_set(nullptr, seconds(text)), "time") : nullptr);
}

template <class T> bytes der_of(const T* object, int (*i2d)(const T*, unsigned char**)) {
    unsigned char* out = nullptr;
    int size = i2d(object, &out);
    must(size > 0, "i2d");
    bytes der(out, out + size);
    OPENSSL_free(out);
    return der;
}

void add_text(X509_NAME* name, const char* field, int type, const std::string& value) {
    must(X509_NAME_add_entry_by_txt(name, field, type, reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1,
         field);
}

struct configuration {
    CONF* conf = NCONF_new(nullptr);
    explicit configuration(const std::string& text) {
        bio_ptr in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
        long line = 0;
        must(NCONF_load_bio(conf, in.get(), &line) == 1, "configuration");
    }
    ~configuration() { NCONF_free(conf); }
};

template <class Add>
void add_extensions(const std::vector<std::string>& lines, const std::string& sections, X509* issuer, X509* subject,
                    X509_CRL* list, Add add) {
    configuration conf(sections);
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, subject, nullptr, list, 0);
    X509V3_set_nconf(&ctx, conf.conf);
    for (const std::string& line : lines) {
        std::size_t equals = line.find('=');
        X509_EXTENSION* e =
            must(X509V3_EXT_nconf(conf.conf, &ctx, line.substr(0, equals).c_str(), line.substr(equals + 1).c_str()),
                 line.c_str());
        add(e);
        X509_EXTENSION_free(e);
    }
}

const EVP_MD* hash_named(const char* name) { return must(EVP_get_digestbyname(name), name); }

} // namespace

timestamp at_time(const char* text) { return from_rfc3339(text).value(); }

node make_node(const node_spec& spec) {
    static long last_serial = 1000;
    node made;
    made.key = spec.key;
    if (!made.key) made.key.reset(must(EVP_EC_gen("P-256"), "key"), EVP_PKEY_free);
    x509_ptr cert(X509_new());
    X509_set_version(cert.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), spec.serial ? spec.serial : ++last_serial);
    X509_set1_notBefore(cert.get(), time_from(spec.not_before).get());
    X509_set1_notAfter(cert.get(), time_from(spec.not_after).get());
    X509_NAME* name = X509_get_subject_name(cert.get());
    add_text(name, "C", MBSTRING_ASC, "VN");
    add_text(name, "O", spec.string_type, "Vanthu PKI");
    add_text(name, "CN", spec.string_type, spec.name);
    if (!spec.email.empty()) add_text(name, "emailAddress", V_ASN1_IA5STRING, spec.email);
    X509* issuer = spec.issuer ? spec.issuer->cert.native() : cert.get();
    X509_set_issuer_name(cert.get(), X509_get_subject_name(issuer));
    X509_set_pubkey(cert.get(), made.key.get());
    std::vector<std::string> lines = spec.extensions;
    if (spec.key_identifiers) lines.insert(lines.end(), {"subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"});
    add_extensions(lines, spec.sections, issuer, cert.get(), nullptr,
                   [&](X509_EXTENSION* e) { must(X509_add_ext(cert.get(), e, -1) == 1, "X509_add_ext"); });
    auto* key = const_cast<EVP_PKEY*>(spec.signed_with ? spec.signed_with
                                      : spec.issuer    ? spec.issuer->key.get()
                                                       : made.key.get());
    must(X509_sign(cert.get(), key, hash_named(spec.hash)) > 0, "X509_sign");
    made.cert = x509::parse_certificate(der_of<X509>(cert.get(), i2d_X509)).value();
    return made;
}

node make_ca(node_spec spec) {
    spec.extensions.insert(spec.extensions.end(),
                           {"basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"});
    return make_node(spec);
}

node make_leaf(node_spec spec) {
    spec.extensions.insert(spec.extensions.end(),
                           {"basicConstraints=CA:FALSE", "keyUsage=critical,digitalSignature,nonRepudiation"});
    return make_node(spec);
}

x509::crl make_list(const list_spec& spec) {
    crl_ptr list(X509_CRL_new());
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(spec.issuer->cert.native()));
    X509_CRL_set1_lastUpdate(list.get(), time_from(spec.this_update).get());
    if (*spec.next_update) X509_CRL_set1_nextUpdate(list.get(), time_from(spec.next_update).get());
    for (const listed& one : spec.revoked) {
        X509_REVOKED* entry = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(one.who->cert.native()));
        X509_REVOKED_set_revocationDate(entry, time_from(one.when).get());
        if (one.reason >= 0) {
            owned<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(ASN1_ENUMERATED_new());
            ASN1_ENUMERATED_set(reason.get(), one.reason);
            X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason.get(), 0, 0);
        }
        if (one.critical_entry_extension) {
            owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> nothing(ASN1_OCTET_STRING_new());
            X509_REVOKED_add1_ext_i2d(entry, NID_subject_key_identifier, nothing.get(), 1, 0);
        }
        X509_CRL_add0_revoked(list.get(), entry);
    }
    owned<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
    ASN1_INTEGER_set(number.get(), 1);
    X509_CRL_add1_ext_i2d(list.get(), NID_crl_number, number.get(), 0, 0);
    if (spec.delta) X509_CRL_add1_ext_i2d(list.get(), NID_delta_crl, number.get(), 1, 0);
    if (*spec.expired_since) {
        bytes time = der_of<ASN1_GENERALIZEDTIME>(general_from(spec.expired_since).get(), i2d_ASN1_GENERALIZEDTIME);
        owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> value(ASN1_OCTET_STRING_new());
        ASN1_OCTET_STRING_set(value.get(), time.data(), static_cast<int>(time.size()));
        owned<ASN1_OBJECT, ASN1_OBJECT_free> oid(OBJ_txt2obj("2.5.29.60", 1));
        owned<X509_EXTENSION, X509_EXTENSION_free> e(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, value.get()));
        X509_CRL_add_ext(list.get(), e.get(), -1);
    }
    add_extensions(spec.extensions, spec.sections, spec.issuer->cert.native(), nullptr, list.get(),
                   [&](X509_EXTENSION* e) { must(X509_CRL_add_ext(list.get(), e, -1) == 1, "X509_CRL_add_ext"); });
    X509_CRL_sort(list.get());
    auto* key = const_cast<EVP_PKEY*>(spec.signed_with ? spec.signed_with : spec.issuer->key.get());
    must(X509_CRL_sign(list.get(), key, hash_named(spec.hash)) > 0, "X509_CRL_sign");
    return x509::parse_crl(der_of<X509_CRL>(list.get(), i2d_X509_CRL)).value();
}

x509::ocsp_response make_answer(const answer_spec& spec) {
    owned<OCSP_BASICRESP, OCSP_BASICRESP_free> basic(OCSP_BASICRESP_new());
    owned<OCSP_CERTID, OCSP_CERTID_free> id(must(
        OCSP_cert_to_id(hash_named(spec.certid_hash), spec.subject->cert.native(), spec.issuer->cert.native()), "id"));
    OCSP_SINGLERESP* one =
        must(OCSP_basic_add1_status(basic.get(), id.get(), spec.status, spec.reason,
                                    spec.status == 1 ? general_from(spec.revoked_at).get() : nullptr,
                                    general_from(spec.this_update).get(), general_from(spec.next_update).get()),
             "OCSP_basic_add1_status");
    if (*spec.archive_cutoff)
        OCSP_SINGLERESP_add1_ext_i2d(one, NID_id_pkix_OCSP_archiveCutoff, general_from(spec.archive_cutoff).get(), 0,
                                     0);
    if (spec.critical_extension) {
        owned<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
        OCSP_SINGLERESP_add1_ext_i2d(one, NID_crl_number, number.get(), 1, 0);
    }
    const char* produced = *spec.produced_at ? spec.produced_at : spec.this_update;
    ASN1_GENERALIZEDTIME_set(const_cast<ASN1_GENERALIZEDTIME*>(OCSP_resp_get0_produced_at(basic.get())),
                             seconds(produced));
    // OCSP_basic_sign wants the certificate that fits the key: another name needs a certificate of that name.
    node named =
        spec.names ? make_node({.name = spec.names->cert.common_name(), .key = spec.responder->key}) : *spec.responder;
    unsigned long flags = OCSP_NOTIME | (spec.by_key ? OCSP_RESPID_KEY : 0) | (spec.carries_signer ? 0 : OCSP_NOCERTS);
    if (spec.names) flags |= OCSP_NOCERTS;
    must(OCSP_basic_sign(basic.get(), named.cert.native(), spec.responder->key.get(), hash_named(spec.hash), nullptr,
                         flags) == 1,
         "OCSP_basic_sign");
    owned<OCSP_RESPONSE, OCSP_RESPONSE_free> whole(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
    return x509::parse_ocsp_response(der_of<OCSP_RESPONSE>(whole.get(), i2d_OCSP_RESPONSE)).value();
}

} // namespace vanthu::test
