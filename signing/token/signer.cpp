#include "signing/cms/der.hpp"
#include "signing/token/card_state.hpp"
#include "signing/token/token.hpp"

#include <algorithm>

namespace vanthu::token {

result<cms::signer> make_signer(std::shared_ptr<card> token, const key_info& key, x509::scheme how,
                                std::vector<x509::certificate> chain) {
    if (std::ranges::find(key.schemes, how) == key.schemes.end()) return failed(errc::key_unfit, key.label);
    if (!key.leaf) return failed(errc::certificate_not_found, key.label);
    auto sign = [token = std::move(token), key, how](bytes_view hash) { return token->sign(key, how, hash); };
    return cms::signer{key.leaf, std::move(chain), how, std::move(sign), true}; // card::sign() verifies
}

x509::scheme default_scheme(const x509::certificate& leaf) {
    return leaf.kind() == x509::key_kind::rsa ? x509::scheme::rsa_pkcs1 : x509::scheme::ecdsa;
}

std::optional<bytes> rsa_spki(bytes_view modulus, bytes_view exponent) {
    if (modulus.empty() || exponent.empty()) return std::nullopt;
    bytes key = der::sequence({der::integer(modulus), der::integer(exponent)});
    key.insert(key.begin(), 0);
    return der::sequence({der::algorithm("1.2.840.113549.1.1.1", true), der::tlv(0x03, key)});
}

std::optional<bytes> ec_spki(bytes_view point) {
    if (auto wrapped = der::first(point);
        wrapped && wrapped->tag == der::tag_octets && wrapped->whole.size() == point.size())
        point = wrapped->content;
    if ((point.size() != 65 && point.size() != 97) || point[0] != 4) return std::nullopt; // uncompressed P-256, P-384
    const char* curve = point.size() == 65 ? "1.2.840.10045.3.1.7" : "1.3.132.0.34";
    bytes bits(point.begin(), point.end());
    bits.insert(bits.begin(), 0);
    return der::sequence({der::sequence({der::oid("1.2.840.10045.2.1"), der::oid(curve)}), der::tlv(0x03, bits)});
}

// CertificationRequestInfo ::= SEQUENCE { version 0, subject, subjectPKInfo, attributes [0] } (RFC 2986, 4.1)
result<bytes> certificate_request(bytes_view spki, const std::string& common_name, const std::string& organisation,
                                  const std::function<result<bytes>(bytes_view)>& sign) {
    auto part = [](std::string_view type, std::uint8_t tag, const std::string& value) {
        return der::tlv(der::tag_set, der::sequence({der::oid(type), der::tlv(tag, as_bytes(value))}));
    };
    constexpr std::uint8_t printable = 0x13, utf8 = 0x0c;
    bytes name = part("2.5.4.6", printable, "VN");
    if (!organisation.empty()) name = der::joined({name, part("2.5.4.10", utf8, organisation)});
    name = der::joined({name, part("2.5.4.3", utf8, common_name)});
    bytes info =
        der::sequence({der::integer(0u), der::tlv(der::tag_sequence, name), spki, der::tlv(der::tag_context_0, {})});
    // id-ecPublicKey inside the SubjectPublicKeyInfo tells the two kinds of key apart.
    bytes ec = der::oid("1.2.840.10045.2.1");
    bool is_ec = std::search(spki.begin(), spki.end(), ec.begin(), ec.end()) != spki.end();
    VANTHU_TRY(bytes signature, sign(sha256::of(info).view()));
    signature.insert(signature.begin(), 0); // BIT STRING without unused bits
    return der::sequence(
        {info, is_ec ? der::algorithm("1.2.840.10045.4.3.2", false) : der::algorithm("1.2.840.113549.1.1.11", true),
         der::tlv(0x03, signature)});
}

} // namespace vanthu::token
