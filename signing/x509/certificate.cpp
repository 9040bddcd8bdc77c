#include "signing/x509/certificate.hpp"

#include "daemon/base/base64.hpp"
#include "signing/x509/openssl.hpp"
#include "signing/x509/pem.hpp"

#include <algorithm>
#include <openssl/ec.h>
#include <openssl/rsa.h>

namespace vanthu::x509 {
using namespace ossl;

struct certificate::parsed {
    x509_ptr native;
    EVP_PKEY* key = nullptr; // owned by native
    bytes der;
    digest fingerprint, spki;
    std::string subject, issuer, serial, common_name, title;
    std::vector<std::string> organisations, san_uris, san_emails, crl_urls, ocsp_urls, issuer_urls, purposes;
    timestamp not_before{}, not_after{};
    key_usage usage;
    bool is_ca = false, self_issued = false;
    key_kind kind = key_kind::other;
    unsigned key_bits = 0;
};

namespace {
constexpr std::size_t largest_certificate = 256u << 10;

std::string text_of(const ASN1_STRING* s) {
    unsigned char* utf8 = nullptr;
    int size = ASN1_STRING_to_UTF8(&utf8, s);
    if (size < 0) {
        drain_errors();
        return {};
    }
    std::string text(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
    return text;
}

std::string text_of_uri(const GENERAL_NAME* name) {
    return name->type == GEN_URI ? std::string(as_text(octets(name->d.uniformResourceIdentifier))) : std::string();
}

std::vector<std::string> names_of(const X509_NAME* subject, int nid) {
    std::vector<std::string> all;
    for (int at = X509_NAME_get_index_by_NID(subject, nid, -1); at >= 0;
         at = X509_NAME_get_index_by_NID(subject, nid, at))
        all.push_back(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
    return all;
}

std::string serial_of(const X509* cert) {
    std::string hex = to_hex(octets(X509_get0_serialNumber(cert)));
    for (char& c : hex) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return hex.empty() ? "00" : hex;
}

std::vector<std::string> crl_urls_of(const X509* cert) {
    std::vector<std::string> urls;
    owned<CRL_DIST_POINTS, CRL_DIST_POINTS_free> points(
        static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(cert, NID_crl_distribution_points, nullptr, nullptr)));
    for (int i = 0; points && i < sk_DIST_POINT_num(points.get()); ++i) {
        const DIST_POINT* point = sk_DIST_POINT_value(points.get(), i);
        if (!point->distpoint || point->distpoint->type != 0) continue;
        const GENERAL_NAMES* names = point->distpoint->name.fullname;
        for (int n = 0; n < sk_GENERAL_NAME_num(names); ++n)
            if (auto url = text_of_uri(sk_GENERAL_NAME_value(names, n)); !url.empty()) urls.push_back(url);
    }
    return urls;
}

std::vector<std::string> access_urls_of(const X509* cert, int method) {
    std::vector<std::string> urls;
    owned<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free> access(
        static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(cert, NID_info_access, nullptr, nullptr)));
    for (int i = 0; access && i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
        const ACCESS_DESCRIPTION* entry = sk_ACCESS_DESCRIPTION_value(access.get(), i);
        if (OBJ_obj2nid(entry->method) != method) continue;
        if (auto url = text_of_uri(entry->location); !url.empty()) urls.push_back(url);
    }
    return urls;
}

void read_alternative_names(const X509* cert, std::vector<std::string>& uris, std::vector<std::string>& emails) {
    owned<GENERAL_NAMES, GENERAL_NAMES_free> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_URI) uris.push_back(text_of_uri(name));
        if (name->type == GEN_EMAIL) emails.emplace_back(as_text(octets(name->d.rfc822Name)));
    }
}

key_usage usage_of(X509* cert) {
    key_usage usage;
    if (!(X509_get_extension_flags(cert) & EXFLAG_KUSAGE)) return usage;
    std::uint32_t bits = X509_get_key_usage(cert);
    usage.present = true;
    usage.digital_signature = bits & KU_DIGITAL_SIGNATURE;
    usage.non_repudiation = bits & KU_NON_REPUDIATION;
    usage.key_cert_sign = bits & KU_KEY_CERT_SIGN;
    usage.crl_sign = bits & KU_CRL_SIGN;
    return usage;
}

std::vector<std::string> purposes_of(const X509* cert) {
    int where = -1;
    owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> list(
        static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(cert, NID_ext_key_usage, &where, nullptr)));
    std::vector<std::string> all;
    for (int i = 0; list && i < sk_ASN1_OBJECT_num(list.get()); ++i) {
        char text[128] = {};
        OBJ_obj2txt(text, sizeof text, sk_ASN1_OBJECT_value(list.get(), i), 1);
        all.emplace_back(text);
    }
    if (all.empty() && where != -1) all.emplace_back("unreadable");
    return all;
}

key_kind kind_of(const EVP_PKEY* key) {
    if (!key) return key_kind::other;
    if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) return key_kind::rsa;
    if (EVP_PKEY_is_a(key, "ED25519")) return key_kind::ed25519;
    char curve[64] = {};
    std::size_t size = 0;
    if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, curve, sizeof curve, &size) == 1) {
        std::string_view name(curve, size);
        if (name == SN_X9_62_prime256v1) return key_kind::ec_p256;
        if (name == SN_secp384r1) return key_kind::ec_p384;
    }
    return key_kind::other;
}

bool looks_like_pem(bytes_view file) { return as_text(file).find("-----BEGIN ") != std::string_view::npos; }
} // namespace

result<certificate> parse_certificate(bytes_view file) {
    bytes from_pem;
    if (file.empty() || file[0] != 0x30) {
        auto blocks = pem_blocks(as_text(file), {"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"});
        if (blocks.empty()) return failed(errc::not_a_certificate, "neither DER nor PEM");
        from_pem = std::move(blocks.front());
        file = from_pem;
    }
    if (file.size() > largest_certificate) return failed(errc::not_a_certificate, "larger than 256 KiB");
    const unsigned char* at = file.data();
    auto p = std::make_shared<certificate::parsed>();
    p->native.reset(d2i_X509(nullptr, &at, static_cast<long>(file.size())));
    if (!p->native || at != file.data() + file.size())
        return failed(errc::not_a_certificate, p->native ? "bytes after the certificate" : drain_errors());
    X509* cert = p->native.get();
    p->key = X509_get0_pubkey(cert); // nullptr for a key OpenSSL does not know: kind() is then other
    auto from = time_of(X509_get0_notBefore(cert)), to = time_of(X509_get0_notAfter(cert));
    if (!from || !to) return failed(errc::not_a_certificate, "validity dates cannot be read");
    p->not_before = *from;
    p->not_after = *to;
    p->der.assign(file.begin(), file.end());
    p->fingerprint = sha256::of(p->der);
    unsigned char* spki = nullptr;
    int spki_size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki);
    if (spki_size <= 0) return failed(errc::not_a_certificate, drain_errors());
    p->spki = sha256::of(bytes_view(spki, static_cast<std::size_t>(spki_size)));
    OPENSSL_free(spki);

    const X509_NAME* subject = X509_get_subject_name(cert);
    p->subject = name_text(subject);
    p->issuer = name_text(X509_get_issuer_name(cert));
    p->serial = serial_of(cert);
    if (auto names = names_of(subject, NID_commonName); !names.empty()) p->common_name = names.back();
    if (auto titles = names_of(subject, NID_title); !titles.empty()) p->title = titles.back();
    p->organisations = names_of(subject, NID_organizationName);
    for (auto& unit : names_of(subject, NID_organizationalUnitName)) p->organisations.push_back(std::move(unit));
    read_alternative_names(cert, p->san_uris, p->san_emails);
    p->crl_urls = crl_urls_of(cert);
    p->ocsp_urls = access_urls_of(cert, NID_ad_OCSP);
    p->issuer_urls = access_urls_of(cert, NID_ad_ca_issuers);
    p->usage = usage_of(cert);
    p->purposes = purposes_of(cert);
    p->is_ca = X509_check_ca(cert) == 1; // basicConstraints with CA:TRUE; no V1 roots, no Netscape types
    p->self_issued = X509_NAME_cmp(subject, X509_get_issuer_name(cert)) == 0;
    p->kind = kind_of(p->key);
    p->key_bits = p->key ? static_cast<unsigned>(EVP_PKEY_get_bits(p->key)) : 0;
    drain_errors();
    certificate value;
    value.parsed_ = std::move(p);
    return value;
}

result<std::vector<certificate>> parse_certificates(bytes_view file) {
    std::vector<certificate> all;
    if (!looks_like_pem(file)) {
        VANTHU_TRY(all.emplace_back(), parse_certificate(file));
        return all;
    }
    for (const bytes& der : pem_blocks(as_text(file), {"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})) {
        VANTHU_TRY(all.emplace_back(), parse_certificate(der));
    }
    if (all.empty()) return failed(errc::not_a_certificate, "no certificate in the PEM text");
    return all;
}

const bytes& certificate::der() const { return parsed_->der; }
const digest& certificate::sha256() const { return parsed_->fingerprint; }
const digest& certificate::spki_sha256() const { return parsed_->spki; }
const std::string& certificate::subject() const { return parsed_->subject; }
const std::string& certificate::issuer() const { return parsed_->issuer; }
const std::string& certificate::serial() const { return parsed_->serial; }
const std::string& certificate::common_name() const { return parsed_->common_name; }
const std::string& certificate::title() const { return parsed_->title; }
const std::vector<std::string>& certificate::organisations() const { return parsed_->organisations; }
const std::vector<std::string>& certificate::san_uris() const { return parsed_->san_uris; }
const std::vector<std::string>& certificate::san_emails() const { return parsed_->san_emails; }
const std::vector<std::string>& certificate::crl_urls() const { return parsed_->crl_urls; }
const std::vector<std::string>& certificate::ocsp_urls() const { return parsed_->ocsp_urls; }
const std::vector<std::string>& certificate::issuer_urls() const { return parsed_->issuer_urls; }
timestamp certificate::not_before() const { return parsed_->not_before; }
timestamp certificate::not_after() const { return parsed_->not_after; }
const key_usage& certificate::usage() const { return parsed_->usage; }
const std::vector<std::string>& certificate::purposes() const { return parsed_->purposes; }
bool certificate::is_ca() const { return parsed_->is_ca; }
bool certificate::self_issued() const { return parsed_->self_issued; }
key_kind certificate::kind() const { return parsed_->kind; }
unsigned certificate::key_bits() const { return parsed_->key_bits; }
x509_st* certificate::native() const { return parsed_->native.get(); }
evp_pkey_st* certificate::public_key() const { return parsed_->key; }

bool certificate::operator==(const certificate& other) const {
    return parsed_ == other.parsed_ || (parsed_ && other.parsed_ && sha256() == other.sha256());
}

std::string certificate::organisation_code() const {
    constexpr std::string_view prefix = "urn:vanthu:org:";
    for (const std::string& uri : san_uris())
        if (uri.starts_with(prefix)) return uri.substr(prefix.size());
    return {};
}

std::string certificate::to_pem() const {
    std::string body = base64_encode(der()), text = "-----BEGIN CERTIFICATE-----\n";
    for (std::size_t at = 0; at < body.size(); at += 64) text += body.substr(at, 64) + "\n";
    return text + "-----END CERTIFICATE-----\n";
}

bool is_issuer_of(const certificate& issuer, const certificate& subject) {
    const int no = X509_check_issued(issuer.native(), subject.native());
    bool did = (no == X509_V_OK || no == X509_V_ERR_KEYUSAGE_NO_CERTSIGN) && issuer.public_key() &&
               X509_verify(subject.native(), issuer.public_key()) == 1;
    drain_errors();
    return did;
}

bool verify_hash(const certificate& signer, scheme s, hash h, bytes_view hashed, bytes_view signature) {
    EVP_PKEY* key = signer.public_key();
    bool rsa = signer.kind() == key_kind::rsa,
         ec = signer.kind() == key_kind::ec_p256 || signer.kind() == key_kind::ec_p384;
    if (!key || hashed.size() != size(h) || (s == scheme::ecdsa ? !ec : !rsa)) return false;
    // Kept for the next one: who signs or verifies many does so with few keys, and making this ready takes some
    // microseconds, a twentieth of a P-256 verification.
    struct ready {
        certificate of; // keeps the key
        scheme s{};
        hash h{};
        pkey_ctx_ptr ctx;
    };
    thread_local ready last;
    if (!last.ctx || last.of.public_key() != key || last.s != s || last.h != h) {
        last = {signer, s, h, pkey_ctx_ptr(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr))};
        EVP_PKEY_CTX* ctx = last.ctx.get();
        bool fit = ctx && EVP_PKEY_verify_init(ctx) == 1;
        if (fit && s == scheme::rsa_pkcs1) fit = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
        if (fit && s == scheme::rsa_pss)
            fit = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                  EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
        if (!fit || EVP_PKEY_CTX_set_signature_md(ctx, x509::native(h)) != 1) last = {};
    }
    bool good = last.ctx &&
                EVP_PKEY_verify(last.ctx.get(), signature.data(), signature.size(), hashed.data(), hashed.size()) == 1;
    if (!good) last = {};
    drain_errors();
    return good;
}

std::optional<bytes> ecdsa_to_der(bytes_view raw) {
    if (raw.empty() || raw.size() % 2 || raw.size() > 132) return std::nullopt;
    // Written by hand: OpenSSL makes big numbers of the halves and an ECDSA_SIG of these first.
    bytes content;
    content.reserve(raw.size() + 6);
    for (bytes_view half : {raw.first(raw.size() / 2), raw.subspan(raw.size() / 2)}) {
        while (half.size() > 1 && half[0] == 0) half = half.subspan(1);
        const bool negative = half[0] & 0x80; // unless a zero stands in front
        content.push_back(0x02);
        content.push_back(static_cast<std::uint8_t>(half.size() + negative));
        if (negative) content.push_back(0);
        content.insert(content.end(), half.begin(), half.end());
    }
    bytes der;
    der.reserve(content.size() + 3);
    der.push_back(0x30);
    if (content.size() >= 128) der.push_back(0x81); // at most 2 * 69
    der.push_back(static_cast<std::uint8_t>(content.size()));
    der.insert(der.end(), content.begin(), content.end());
    return der;
}

} // namespace vanthu::x509
