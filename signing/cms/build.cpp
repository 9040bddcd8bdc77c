#include "signing/cms/build.hpp"

#include "signing/cms/der.hpp"
#include "signing/cms/signed_data.hpp"
#include "signing/x509/openssl.hpp"

#include <openssl/err.h>

namespace vanthu::cms {
using namespace ossl;
namespace {

constexpr std::string_view oid_data = "1.2.840.113549.1.7.1", oid_signed_data = "1.2.840.113549.1.7.2",
                           oid_content_type = "1.2.840.113549.1.9.3", oid_message_digest = "1.2.840.113549.1.9.4",
                           oid_signing_time = "1.2.840.113549.1.9.5",
                           oid_signing_certificate_v2 = "1.2.840.113549.1.9.16.2.47",
                           oid_sha256 = "2.16.840.1.101.3.4.2.1", oid_rsa = "1.2.840.113549.1.1.1",
                           oid_pss = "1.2.840.113549.1.1.10", oid_mgf1 = "1.2.840.113549.1.1.8",
                           oid_ecdsa_sha256 = "1.2.840.10045.4.3.2";

bool fit(const x509::certificate& leaf, scheme s) {
    bool ec = leaf.kind() == x509::key_kind::ec_p256 || leaf.kind() == x509::key_kind::ec_p384;
    return s == scheme::ecdsa ? ec : leaf.kind() == x509::key_kind::rsa && leaf.key_bits() >= 2048;
}

bytes signature_algorithm(scheme s) {
    switch (s) {
    case scheme::rsa_pkcs1:
        return der::algorithm(oid_rsa, true); // what deployed tools write (RFC 3370, 3.2)
    case scheme::ecdsa:
        return der::algorithm(oid_ecdsa_sha256, false);
    case scheme::rsa_pss:
        break;
    }
    // RFC 4055, 3.1: hash, mask generation with the same hash, salt as long as the hash.
    bytes hash = der::algorithm(oid_sha256, true);
    bytes mask = der::sequence({der::oid(oid_mgf1), hash});
    bytes salt = der::integer(32u);
    return der::sequence(
        {der::oid(oid_pss), der::sequence({der::tlv(0xa0, hash), der::tlv(0xa1, mask), der::tlv(0xa2, salt)})});
}

bytes attribute(std::string_view type, bytes_view value) {
    return der::sequence({der::oid(type), der::tlv(der::tag_set, value)});
}

bytes name_der(const X509_NAME* name) {
    const unsigned char* der = nullptr;
    std::size_t size = 0;
    X509_NAME_get0_der(name, &der, &size);
    return bytes(der, der + size);
}

bytes serial_der(const x509::certificate& cert) {
    unsigned char* out = nullptr;
    int size = i2d_ASN1_INTEGER(X509_get0_serialNumber(cert.native()), &out);
    bytes der(out, out + (size > 0 ? size : 0));
    OPENSSL_free(out);
    return der;
}

// RFC 5035, section 3: the hash algorithm is left out because SHA-256 is its default.
bytes signing_certificate(const x509::certificate& leaf) {
    bytes issuer = name_der(X509_get_issuer_name(leaf.native()));
    bytes issuer_serial = der::sequence({der::sequence({der::tlv(0xa4, issuer)}), serial_der(leaf)});
    bytes id = der::sequence({der::tlv(der::tag_octets, leaf.sha256().view()), issuer_serial});
    return der::sequence({der::sequence({id})});
}

// RFC 5652, 11.3: UTCTime up to 2049.
bytes time_der(timestamp t) {
    owned<ASN1_TIME, ASN1_TIME_free> value(
        ASN1_TIME_set(nullptr, std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count()));
    return der::tlv(static_cast<std::uint8_t>(ASN1_STRING_type(value.get())), octets(value.get()));
}

bytes signed_attributes(const digest& content, const signer& who, const build_options& options) {
    std::vector<bytes> all{attribute(oid_content_type, der::oid(oid_data)),
                           attribute(oid_message_digest, der::tlv(der::tag_octets, content.view())),
                           attribute(oid_signing_certificate_v2, signing_certificate(who.leaf))};
    if (options.signing_time) all.push_back(attribute(oid_signing_time, time_der(*options.signing_time)));
    return der::set_of_content(std::move(all));
}

result<bytes> signature_over(const digest& hashed, const signer& who) {
    VANTHU_TRY(bytes signature, who.sign(hashed.view()));
    if (x509::verify_hash(who.leaf, who.scheme, x509::hash::sha256, hashed.view(), signature)) return signature;
    if (who.scheme == scheme::ecdsa)
        if (auto converted = x509::ecdsa_to_der(signature);
            converted && x509::verify_hash(who.leaf, who.scheme, x509::hash::sha256, hashed.view(), *converted))
            return std::move(*converted);
    return failed(errc::signer_failed, who.leaf.subject());
}

bytes certificates(const signer& who, bool with_chain) {
    std::vector<bytes> all{who.leaf.der()};
    if (with_chain)
        for (const x509::certificate& c : who.chain)
            if (!(c == who.leaf)) all.push_back(c.der());
    return der::tlv(der::tag_context_0, der::set_of_content(std::move(all)));
}

} // namespace

result<bytes> build_signature(const digest& content, const signer& who, const build_options& options) {
    if (!who.leaf || !who.sign || !fit(who.leaf, who.scheme)) return failed(errc::key_unfit);
    bytes attributes = signed_attributes(content, who, options);
    // Signed is the SET OF with its own tag, stored is the same content under [0] (RFC 5652, 5.4).
    VANTHU_TRY(bytes signature, signature_over(sha256::of(der::tlv(der::tag_set, attributes)), who));

    bytes sha256_algorithm = der::algorithm(oid_sha256, false);
    bytes issuer_and_serial = der::sequence({name_der(X509_get_issuer_name(who.leaf.native())), serial_der(who.leaf)});
    bytes signer_info =
        der::sequence({der::integer(1u), issuer_and_serial, sha256_algorithm, der::tlv(der::tag_context_0, attributes),
                       signature_algorithm(who.scheme), der::tlv(der::tag_octets, signature)});
    bytes signed_data =
        der::sequence({der::integer(1u), der::tlv(der::tag_set, sha256_algorithm), der::sequence({der::oid(oid_data)}),
                       certificates(who, options.embed_chain), der::tlv(der::tag_set, signer_info)});
    return der::sequence({der::oid(oid_signed_data), der::tlv(der::tag_context_0, signed_data)});
}

result<digest> signature_imprint(bytes_view cms) {
    VANTHU_TRY(signed_data message, open_signed_data(cms, false));
    return sha256::of(octets(CMS_SignerInfo_get0_signature(message.info)));
}

result<bytes> add_timestamp(bytes_view cms, const timestamp_token& token) {
    VANTHU_TRY(signed_data message, open_signed_data(cms, false));
    bytes value = octets(CMS_SignerInfo_get0_signature(message.info));
    if (token.imprint != x509::hash_of(token.imprint_hash, value)) return failed(errc::timestamp_mismatch, "imprint");
    if (CMS_unsigned_add1_attr_by_NID(message.info, NID_id_smime_aa_timeStampToken, V_ASN1_SEQUENCE, token.der.data(),
                                      static_cast<int>(token.der.size())) != 1)
        return failed(errc::not_cms, drain_errors());
    unsigned char* out = nullptr;
    int size = i2d_CMS_ContentInfo(message.cms.get(), &out);
    if (size <= 0) return failed(errc::not_cms, drain_errors());
    bytes stamped(out, out + size);
    OPENSSL_free(out);
    // A foreign message whose attributes were not in DER order would not survive the new encoding: look.
    VANTHU_TRY(signed_data again, open_signed_data(stamped, false));
    if (message.signer && !signature_is_good(again))
        return failed(errc::not_cms, "not in DER: encoding it anew breaks it");
    return stamped;
}

} // namespace vanthu::cms
