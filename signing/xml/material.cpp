#include "signing/xml/material.hpp"

#include "daemon/base/base64.hpp"
#include "signing/xml/algorithms.hpp"

#include <algorithm>

namespace vanthu::xml {
namespace {

constexpr std::string_view dsig11_uri = "http://www.w3.org/2009/xmldsig11#";
constexpr std::size_t longest_name = 512; // distinguished names

using names = std::initializer_list<std::string_view>;

// By what they hold. Which stands in which is not looked at: nothing of this can be read as content.
const names dsig_holders = {
    "KeyInfo",          "KeyValue",  "RSAKeyValue",     "DSAKeyValue",  "X509Data",
    "X509IssuerSerial", "Signature", "SignedInfo",      "Reference",    "Transforms",
    "Transform",        "Object",    "SignatureMethod", "DigestMethod", "CanonicalizationMethod"};
const names dsig_values = {
    "X509Certificate", "X509CRL",        "X509SKI",    "Modulus", "Exponent", "P", "Q", "G", "Y", "J", "Seed",
    "PgenCounter",     "SignatureValue", "DigestValue"};
const names dsig_texts = {"KeyName", "X509IssuerName", "X509SerialNumber", "X509SubjectName"};
const names dsig11_holders = {"ECKeyValue", "NamedCurve"},
            dsig11_values = {"PublicKey", "X509Digest", "DEREncodedKeyValue"};
const names xades_holders = {
    "UnsignedProperties", "UnsignedSignatureProperties", "SignatureTimeStamp", "ArchiveTimeStamp", "ArchiveTimeStampV2",
    "SigAndRefsTimeStamp", "SigAndRefsTimeStampV2", "RefsOnlyTimeStamp", "RefsOnlyTimeStampV2",
    "TimeStampValidationData", "AnyValidationData", "CertificateValues", "RevocationValues",
    "AttrAuthoritiesCertValues", "AttributeRevocationValues", "CRLValues", "OCSPValues", "CompleteCertificateRefs",
    "CompleteCertificateRefsV2", "CompleteRevocationRefs", "AttributeCertificateRefs", "AttributeCertificateRefsV2",
    "AttributeRevocationRefs", "CertRefs", "Cert", "CertDigest", "IssuerSerial", "CRLRefs", "CRLRef", "CRLIdentifier",
    "OCSPRefs", "OCSPRef", "OCSPIdentifier", "ResponderID", "DigestAlgAndValue", "Include", "ReferenceInfo",
    "SignaturePolicyStore", "SPDocSpecification",
    // of a counter-signature
    "CounterSignature", "QualifyingProperties", "SignedProperties", "SignedSignatureProperties", "SigningCertificate",
    "SigningCertificateV2", "SignedDataObjectProperties", "DataObjectFormat"};
const names xades_values = {"EncapsulatedTimeStamp",  "EncapsulatedX509Certificate",
                            "EncapsulatedCRLValue",   "EncapsulatedOCSPValue",
                            "IssuerSerialV2",         "ByKey",
                            "SignaturePolicyDocument"};
const names xades_texts = {"Issuer",     "IssueTime",   "Number",   "ByName",
                           "ProducedAt", "SigningTime", "MimeType", "Identifier"};

enum class holding : std::uint8_t { nothing_known, elements, value, text };

holding holding_of(const element& e) {
    auto in = [&](const names& all) { return std::ranges::find(all, e.local) != all.end(); };
    auto of = [&](const names& holders, const names& values, const names& texts) {
        return in(holders)  ? holding::elements
               : in(values) ? holding::value
               : in(texts)  ? holding::text
                            : holding::nothing_known;
    };
    if (e.uri == dsig_uri) return of(dsig_holders, dsig_values, dsig_texts);
    if (e.uri == dsig11_uri) return of(dsig11_holders, dsig11_values, {});
    if (e.uri == xades_uri || e.uri == xades141_uri) return of(xades_holders, xades_values, xades_texts);
    return e.is(exclusive_uri, "InclusiveNamespaces") ? holding::elements : holding::nothing_known;
}

} // namespace

bool is_signature_material(const element& at) {
    std::vector<const element*> inside = at.children();
    switch (holding_of(at)) {
    case holding::nothing_known:
        return false;
    case holding::elements:
        return !at.has_stray_text() &&
               std::ranges::all_of(inside, [](const element* e) { return is_signature_material(*e); });
    case holding::value: {
        auto text = at.value();
        return text && base64_decode(*text);
    }
    case holding::text:
        break;
    }
    auto text = at.value();
    return text && text->size() <= longest_name;
}

bool holds_another_signature(const element& signature, const element* unsigned_properties) {
    return std::ranges::any_of(signature.children(), [&](const element* e) {
        if (e->is(dsig_uri, "Signature")) return true;
        bool counter = unsigned_properties && e->parent == unsigned_properties && e->is(xades_uri, "CounterSignature");
        return !counter && holds_another_signature(*e, unsigned_properties);
    });
}

} // namespace vanthu::xml
