#include "signing/cms/signed_data.hpp"

#include "signing/cms/der.hpp"

#include <algorithm>
#include <openssl/err.h>

namespace vanthu::cms {
using namespace ossl;
namespace {

const ASN1_STRING* signed_value(const signed_data& message, int nid, int type) {
    // -3: the attribute is there once, with one value
    auto* value = static_cast<ASN1_STRING*>(CMS_signed_get0_data_by_OBJ(message.info, OBJ_nid2obj(nid), -3, type));
    ERR_clear_error();
    return value;
}

int hash_nid(x509::hash h) { return EVP_MD_get_type(x509::native(h)); }

} // namespace

result<std::vector<signed_data>> open_signers(const message_parts& parts, x509::cache* memory) {
    bytes message = assemble_signers_only(parts); // certificates are read here, where they are known already
    const unsigned char* at = message.data();
    std::shared_ptr<CMS_ContentInfo> cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(message.size())),
                                         CMS_ContentInfo_free);
    if (!cms) return failed(errc::not_cms, drain_errors());
    const STACK_OF(CMS_SignerInfo)* infos = CMS_get0_SignerInfos(cms.get());
    if (!infos || static_cast<std::size_t>(sk_CMS_SignerInfo_num(infos)) != parts.signers.size())
        return failed(errc::not_cms, "signer infos");
    std::vector<x509::certificate> embedded;
    for (bytes_view one : parts.certificates) {
        if (one[0] != der::tag_sequence) continue; // CertificateChoices: others than Certificate have other tags
        if (auto parsed = x509::certificate_of(one, memory))
            embedded.push_back(std::move(*parsed)); // an unreadable extra certificate does not decide
    }
    std::vector<signed_data> all;
    for (int i = 0; i < sk_CMS_SignerInfo_num(infos); ++i) {
        signed_data one;
        one.cms = cms;
        one.info = sk_CMS_SignerInfo_value(infos, i);
        one.content_type = oid_text(CMS_get0_eContentType(cms.get()));
        X509_ALGOR* digest_algorithm = nullptr;
        CMS_SignerInfo_get0_algs(one.info, nullptr, nullptr, &digest_algorithm, nullptr);
        one.hash = x509::hash_from_oid(oid_text(digest_algorithm->algorithm));
        // Anybody can put in a certificate with the same issuer and number: the one that was signed goes first.
        for (const x509::certificate& cert : embedded) {
            if (CMS_SignerInfo_cert_cmp(one.info, cert.native()) != 0) continue;
            x509::certificate before = std::exchange(one.signer, cert);
            if (signing_certificate_attribute(one, true) == essential::matches) break;
            if (before) one.signer = std::move(before);
        }
        if (one.signer) CMS_SignerInfo_set1_signer_cert(one.info, one.signer.native());
        one.embedded = embedded;
        all.push_back(std::move(one));
    }
    ERR_clear_error();
    return all;
}

result<signed_data> open_signed_data(bytes_view cms, bool zero_padding, x509::cache* memory) {
    VANTHU_TRY(message_parts parts, take_apart(cms, {}, zero_padding));
    if (parts.signers.size() != 1) return failed(errc::not_cms, "not exactly one signer");
    VANTHU_TRY(auto signers, open_signers(parts, memory));
    if (parts.content) {
        signers[0].content.emplace();
        for (bytes_view piece : *parts.content)
            signers[0].content->insert(signers[0].content->end(), piece.begin(), piece.end());
    }
    return std::move(signers[0]);
}

bool signature_is_good(const signed_data& message) {
    bool good = message.signer && message.signer.public_key() && CMS_signed_get_attr_count(message.info) > 0 &&
                CMS_SignerInfo_verify(message.info) == 1;
    ERR_clear_error();
    return good;
}

std::optional<bytes> message_digest_attribute(const signed_data& message) {
    const ASN1_STRING* value = signed_value(message, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
    if (!value) return std::nullopt;
    return octets(value);
}

bool content_type_matches(const signed_data& message) {
    auto* type = reinterpret_cast<const ASN1_OBJECT*>(signed_value(message, NID_pkcs9_contentType, V_ASN1_OBJECT));
    return type && OBJ_cmp(type, CMS_get0_eContentType(message.cms.get())) == 0;
}

essential signing_certificate_attribute(const signed_data& message, bool old_form) {
    const ASN1_STRING* v2 = signed_value(message, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE);
    const ASN1_STRING* v1 =
        v2 || !old_form ? nullptr : signed_value(message, NID_id_smime_aa_signingCertificate, V_ASN1_SEQUENCE);
    if (!v2 && !v1) return essential::absent;
    // SigningCertificate(V2) ::= SEQUENCE { certs SEQUENCE OF ESSCertID(v2), ... }; the first one is the signer's.
    bytes value = octets(v2 ? v2 : v1);
    auto outer = der::first(value);
    auto certs = outer ? der::first(outer->content) : std::nullopt;
    auto id = certs ? der::first(certs->content) : std::nullopt;
    if (!id || id->tag != der::tag_sequence) return essential::differs;
    der::reader fields(id->content);
    x509::hash h = v2 ? x509::hash::sha256 : x509::hash::sha1;
    if (auto algorithm = v2 ? fields.next(der::tag_sequence) : std::nullopt) {
        auto dotted = der::first(algorithm->content);
        const unsigned char* at = dotted ? dotted->whole.data() : nullptr;
        owned<ASN1_OBJECT, ASN1_OBJECT_free> object(
            dotted ? d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(dotted->whole.size())) : nullptr);
        auto named = object ? x509::hash_from_oid(oid_text(object.get())) : std::nullopt;
        if (!named) return essential::differs;
        h = *named;
    }
    auto hashed = fields.next(der::tag_octets);
    if (!hashed || !message.signer) return essential::differs;
    bytes own = x509::hash_of(h, message.signer.der());
    return std::ranges::equal(hashed->content, own) ? essential::matches : essential::differs;
}

std::optional<timestamp> signing_time_attribute(const signed_data& message) {
    for (int type : {V_ASN1_UTCTIME, V_ASN1_GENERALIZEDTIME})
        if (const ASN1_STRING* value = signed_value(message, NID_pkcs9_signingTime, type)) return time_of(value);
    return std::nullopt;
}

std::string_view scheme_name(const signed_data& message) {
    X509_ALGOR* algorithm = nullptr;
    CMS_SignerInfo_get0_algs(message.info, nullptr, nullptr, nullptr, &algorithm);
    int nid = OBJ_obj2nid(algorithm->algorithm), md = signature_hash(algorithm);
    ERR_clear_error();
    const EVP_PKEY* key = message.signer ? message.signer.public_key() : nullptr;
    const bool ec = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
    const bool named_ec = nid == NID_ecdsa_with_SHA256 || nid == NID_ecdsa_with_SHA384 || nid == NID_ecdsa_with_SHA512;
    if (key && ec != named_ec) return ""; // OpenSSL goes by the key and would not mind
    if (nid == NID_rsaEncryption) return "RSASSA-PKCS1-v1_5";
    if (!message.hash || md != hash_nid(*message.hash)) return "";
    switch (nid) {
    case NID_rsassaPss:
        return "RSASSA-PSS";
    case NID_sha1WithRSAEncryption:
    case NID_sha256WithRSAEncryption:
    case NID_sha384WithRSAEncryption:
    case NID_sha512WithRSAEncryption:
        return "RSASSA-PKCS1-v1_5";
    case NID_ecdsa_with_SHA256:
    case NID_ecdsa_with_SHA384:
    case NID_ecdsa_with_SHA512:
        return "ECDSA";
    default:
        return "";
    }
}

} // namespace vanthu::cms
