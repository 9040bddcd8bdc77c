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
const names xades_texts = {"Issuer",      "IssueTime", "Number",     "ByName",           "ProducedAt",
                           "SigningTime", "MimeType",  "Identifier", "SigPolDocLocalURI"};

// What may be written into an attribute of which element, beside Id.
struct attribute_row {
    std::string_view name;
    names elements;
};
const attribute_row attribute_rows[] = {
    {"Algorithm", {"CanonicalizationMethod", "SignatureMethod", "DigestMethod", "Transform", "X509Digest"}},
    {"URI", {"Reference", "Include", "ReferenceInfo", "Cert", "CRLIdentifier", "OCSPIdentifier", "NamedCurve"}},
    {"Type", {"Reference"}},
    {"Encoding",
     {"EncapsulatedTimeStamp", "EncapsulatedX509Certificate", "EncapsulatedCRLValue", "EncapsulatedOCSPValue",
      "Object"}},
    {"MimeType", {"Object"}},
    {"Target", {"QualifyingProperties"}},
    {"ObjectReference", {"DataObjectFormat"}},
    {"referencedData", {"Include"}},
    {"Qualifier", {"Identifier"}},
    {"PrefixList", {"InclusiveNamespaces"}}};

bool one_word(std::string_view value) {
    return value.size() <= longest_name &&
           std::ranges::none_of(value, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

bool known_attributes(const element& at) {
    return std::ranges::all_of(at.attributes, [&](const element::own_attribute& a) {
        if (!a.uri.empty()) return false;
        if (a.local == "PrefixList") return at.uri == exclusive_uri && a.value.size() <= longest_name;
        if (!one_word(a.value)) return false;
        return a.local == "Id" || std::ranges::any_of(attribute_rows, [&](const attribute_row& row) {
                   return row.name == a.local && std::ranges::find(row.elements, at.local) != row.elements.end();
               });
    });
}

// A distinguished name as RFC 4514 writes it begins with a type, and so does what follows a comma. "Paid to X" does
// not.
bool distinguished_name(std::string_view text) {
    auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || (c >= '0' && c <= '9');
    };
    std::size_t at = text.find_first_not_of(" \t\r\n");
    std::size_t end = at;
    while (end < text.size() && letter(text[end])) ++end;
    end = std::min(text.find_first_not_of(" \t\r\n", end), text.size());
    return at != text.npos && end > at && end < text.size() && text[end] == '=';
}

bool made_of(std::string_view text, std::string_view signs) {
    return !text.empty() && text.find_first_not_of(signs) == text.npos;
}

// The text of an element that holds one: a name, a number, a time, a type.
bool fits(const element& at, std::string_view text) {
    if (text.size() > longest_name) return false;
    const std::string& name = at.local;
    if (name == "X509SerialNumber" || name == "Number") return made_of(text, "0123456789 \t\r\n");
    if (name == "IssueTime" || name == "ProducedAt" || name == "SigningTime")
        return made_of(text, "0123456789-+:.TZ \t\r\n");
    if (name == "MimeType" || name == "Identifier" || name == "SigPolDocLocalURI") return one_word(text);
    return text.empty() || name == "KeyName" || distinguished_name(text); // a key may be called anything
}

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
    if (!known_attributes(at)) return false;
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
    return text && fits(at, *text);
}

bool has_only(const element& at, std::initializer_list<std::string_view> attributes) {
    return std::ranges::all_of(at.attributes, [&](const element::own_attribute& a) {
        return a.uri.empty() && one_word(a.value) &&
               std::ranges::find(attributes, std::string_view(a.local)) != attributes.end();
    });
}

bool holds_another_signature(const element& signature, const element* unsigned_properties) {
    return std::ranges::any_of(signature.children(), [&](const element* e) {
        if (e->is(dsig_uri, "Signature")) return true;
        bool counter = unsigned_properties && e->parent == unsigned_properties && e->is(xades_uri, "CounterSignature");
        return !counter && holds_another_signature(*e, unsigned_properties);
    });
}

} // namespace vanthu::xml
