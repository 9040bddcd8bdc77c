// A message whose signer names a signature policy, made by OpenSSL: the values of the attribute are the test's own.
#pragma once

#include "signing/cms/der.hpp"
#include "tests/support/test_ca.hpp"

#include <openssl/cms.h>

namespace vanthu::test {

inline constexpr const char* policy_attribute = "1.2.840.113549.1.9.16.2.15";
inline constexpr const char* sha256_oid = "2.16.840.1.101.3.4.2.1";

// `values`: each one element, as it is. No values: the attribute with an empty set. `issuer` comes along.
inline bytes message_with_policy(const identity& who, const identity& issuer, bytes_view content,
                                 const std::vector<bytes>& values, bool attached = false,
                                 const char* type = policy_attribute) {
    const unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP | (attached ? 0u : unsigned{CMS_DETACHED});
    BIO* in = BIO_new_mem_buf(content.data(), static_cast<int>(content.size()));
    CMS_ContentInfo* message = CMS_sign(nullptr, nullptr, nullptr, nullptr, flags);
    CMS_SignerInfo* signer = CMS_add1_signer(message, who.certificate(), who.key(), EVP_sha256(), flags | CMS_CADES);
    bool good = signer && CMS_add1_cert(message, issuer.certificate()) == 1;
    ASN1_OBJECT* name = OBJ_txt2obj(type, 1);
    X509_ATTRIBUTE* attribute = X509_ATTRIBUTE_create_by_OBJ(nullptr, name, 0, nullptr, 0);
    for (const bytes& value : values) // V_ASN1_SEQUENCE: the octets as they are, whatever their tag
        good =
            good && X509_ATTRIBUTE_set1_data(attribute, V_ASN1_SEQUENCE, value.data(), static_cast<int>(value.size()));
    good = good && CMS_signed_add1_attr(signer, attribute) == 1 && CMS_final(message, in, nullptr, flags) == 1;
    unsigned char* der = nullptr;
    const int size = good ? i2d_CMS_ContentInfo(message, &der) : 0;
    bytes out(der, der + size);
    OPENSSL_free(der);
    X509_ATTRIBUTE_free(attribute);
    ASN1_OBJECT_free(name);
    CMS_ContentInfo_free(message);
    BIO_free(in);
    return out;
}

// SigPolicyHash and SignaturePolicyId.
inline bytes policy_hash(bytes_view value, const char* algorithm = sha256_oid) {
    return der::sequence({der::algorithm(algorithm, false), der::tlv(der::tag_octets, value)});
}
inline bytes policy_named(const char* id, bytes_view hash, bytes_view qualifiers = {}) {
    return der::sequence({der::oid(id), hash, qualifiers});
}

} // namespace vanthu::test
