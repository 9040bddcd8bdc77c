#include "signing/xml/properties.hpp"

#include "signing/xml/policy.hpp"

#include <fmt/format.h>

namespace vanthu::xml {
namespace {

fail malformed(std::string_view what) { return failed(errc::signature_malformed, std::string(what)); }

result<const element*> only_child(const element& at, std::string_view name) { // null if none
    std::vector<const element*> all = at.children(xades_uri, name);
    if (all.size() > 1) return malformed(fmt::format("{} more than once", name));
    return all.empty() ? nullptr : all.front();
}

result<certificate_digest> read_digest(const element& cert) {
    const element* holder = cert.child(xades_uri, "CertDigest");
    const element* method = holder ? holder->child(dsig_uri, "DigestMethod") : nullptr;
    const element* value = holder ? holder->child(dsig_uri, "DigestValue") : nullptr;
    if (!method || !value) return malformed("CertDigest");
    const std::string* algorithm = method->attribute_value("Algorithm");
    auto hash = algorithm ? digest_from(*algorithm) : std::nullopt;
    if (!hash) return failed(errc::algorithm_refused, "digest of a certificate");
    VANTHU_TRY(bytes digest, base64_value(*value));
    return certificate_digest{*hash, std::move(digest)};
}

result<> read_signed(const element& at, properties& out, const limits& bounds) {
    VANTHU_TRY(const element* of_signature, only_child(at, "SignedSignatureProperties"));
    VANTHU_TRY(const element* of_objects, only_child(at, "SignedDataObjectProperties"));
    if (of_signature) {
        VANTHU_TRY(const element* time, only_child(*of_signature, "SigningTime"));
        if (time) {
            std::optional<std::string> text = time->value();
            out.signing_time = text ? from_rfc3339(*text) : std::nullopt;
            if (!out.signing_time) return malformed("SigningTime");
        }
        out.policy = named_policy_in(*of_signature);
        VANTHU_TRY(const element* certificates, only_child(*of_signature, "SigningCertificateV2"));
        VANTHU_TRY(const element* old, only_child(*of_signature, "SigningCertificate"));
        out.old_form = !certificates && old;
        if (!certificates) certificates = old;
        if (certificates)
            for (const element* cert : certificates->children(xades_uri, "Cert")) {
                if (out.signing_certificates.size() >= bounds.certificates)
                    return failed(errc::over_budget, "digests of certificates");
                VANTHU_TRY(certificate_digest one, read_digest(*cert));
                out.signing_certificates.push_back(std::move(one));
            }
    }
    if (!of_objects) return {};
    for (const element* format : of_objects->children(xades_uri, "DataObjectFormat")) {
        const std::string* about = format->attribute_value("ObjectReference");
        const element* mime = format->child(xades_uri, "MimeType");
        if (!about) return malformed("DataObjectFormat");
        out.formats.push_back({*about, mime ? mime->value().value_or("") : ""});
    }
    return {};
}

result<> read_certificate_values(const element& at, properties& out, const limits& bounds, x509::cache* memory) {
    for (const element* one : at.children(xades_uri, "EncapsulatedX509Certificate")) {
        if (out.certificates.size() >= bounds.certificates)
            return failed(errc::over_budget, fmt::format("more than {} certificates", bounds.certificates));
        VANTHU_TRY(bytes der, base64_value(*one));
        if (auto parsed = x509::certificate_of(der, memory)) out.certificates.push_back(std::move(*parsed));
    }
    return {};
}

result<> read_revocation_values(const element& at, properties& out, const limits& bounds, x509::cache* memory) {
    auto room = [&]() -> result<> {
        if (out.revocation.crls.size() + out.revocation.ocsp_responses.size() >= bounds.revocation_values)
            return failed(errc::over_budget, fmt::format("more than {} revocation values", bounds.revocation_values));
        return {};
    };
    for (const element* list : at.children(xades_uri, "CRLValues"))
        for (const element* one : list->children(xades_uri, "EncapsulatedCRLValue")) {
            VANTHU_CHECK(room());
            VANTHU_TRY(bytes der, base64_value(*one));
            if (auto parsed = x509::crl_of(der, memory)) out.revocation.crls.push_back(std::move(*parsed));
        }
    for (const element* list : at.children(xades_uri, "OCSPValues"))
        for (const element* one : list->children(xades_uri, "EncapsulatedOCSPValue")) {
            VANTHU_CHECK(room());
            VANTHU_TRY(bytes der, base64_value(*one));
            if (auto parsed = x509::ocsp_response_of(der, memory))
                out.revocation.ocsp_responses.push_back(std::move(*parsed));
        }
    return {};
}

result<> read_validation_data(const element& at, properties& out, const limits& bounds, x509::cache* memory) {
    for (const element* values : at.children(xades_uri, "CertificateValues"))
        VANTHU_CHECK(read_certificate_values(*values, out, bounds, memory));
    for (const element* values : at.children(xades_uri, "RevocationValues"))
        VANTHU_CHECK(read_revocation_values(*values, out, bounds, memory));
    return {};
}

result<> read_time_stamp(const element& at, time_stamp_property::kind what, properties& out, const limits& bounds) {
    if (out.time_stamps.size() >= bounds.time_stamps)
        return failed(errc::over_budget, fmt::format("more than {} time stamps", bounds.time_stamps));
    time_stamp_property one{.what = what, .where = &at};
    if (const element* method = at.child(dsig_uri, "CanonicalizationMethod")) {
        VANTHU_TRY(one.how, canonicalisation_in(*method));
    }
    // Explicit lists of what is stamped (Include, ReferenceInfo) are not for these two properties (EN 319 132-1, 4.5).
    if (at.child(xades_uri, "Include") || at.child(xades_uri, "ReferenceInfo")) return malformed("Include");
    for (const element* token : at.children(xades_uri, "EncapsulatedTimeStamp")) {
        if (one.tokens.size() >= bounds.time_stamps) return failed(errc::over_budget, "time stamp tokens");
        VANTHU_TRY(bytes der, base64_value(*token));
        one.tokens.push_back(std::move(der));
    }
    if (one.tokens.empty()) return malformed("a time stamp without a token");
    one.certificates_before = out.certificates.size();
    one.crls_before = out.revocation.crls.size();
    one.responses_before = out.revocation.ocsp_responses.size();
    out.time_stamps.push_back(std::move(one));
    return {};
}

result<> read_unsigned(const element& at, properties& out, const limits& bounds, x509::cache* memory) {
    for (const element* one : at.children()) {
        if (one->is(xades_uri, "SignatureTimeStamp")) {
            VANTHU_CHECK(read_time_stamp(*one, time_stamp_property::kind::signature, out, bounds));
        } else if (one->is(xades141_uri, "ArchiveTimeStamp")) {
            VANTHU_CHECK(read_time_stamp(*one, time_stamp_property::kind::archive, out, bounds));
        } else if (one->is(xades141_uri, "TimeStampValidationData")) {
            VANTHU_CHECK(read_validation_data(*one, out, bounds, memory));
        } else if (one->is(xades_uri, "CertificateValues")) {
            VANTHU_CHECK(read_certificate_values(*one, out, bounds, memory));
        } else if (one->is(xades_uri, "RevocationValues")) {
            VANTHU_CHECK(read_revocation_values(*one, out, bounds, memory));
        }
    }
    out.has_certificate_values = at.child(xades_uri, "CertificateValues");
    out.has_revocation_values = at.child(xades_uri, "RevocationValues");
    return {};
}

} // namespace

result<std::optional<properties>> read_properties(const element& signature, const core_signature& core,
                                                  const limits& bounds, x509::cache* memory) {
    std::vector<const element*> found;
    for (const element* object : core.objects)
        for (const element* one : object->children(xades_uri, "QualifyingProperties")) found.push_back(one);
    if (found.empty()) return std::nullopt;
    if (found.size() > 1) return malformed("QualifyingProperties more than once");
    properties out;
    out.qualifying = found.front();
    const std::string* id = signature.attribute_value("Id");
    const std::string* target = out.qualifying->attribute_value("Target");
    if (!id || !target || *target != "#" + *id) return malformed("QualifyingProperties of another signature");
    VANTHU_TRY(out.signed_properties, only_child(*out.qualifying, "SignedProperties"));
    if (!out.signed_properties) return malformed("no SignedProperties");
    if (const std::string* own = out.signed_properties->attribute_value("Id")) out.signed_id = *own;
    VANTHU_CHECK(read_signed(*out.signed_properties, out, bounds));
    VANTHU_TRY(out.unsigned_properties, only_child(*out.qualifying, "UnsignedProperties"));
    if (!out.unsigned_properties) return out;
    VANTHU_TRY(out.unsigned_signature_properties, only_child(*out.unsigned_properties, "UnsignedSignatureProperties"));
    if (out.unsigned_signature_properties) {
        VANTHU_CHECK(read_unsigned(*out.unsigned_signature_properties, out, bounds, memory));
        if (out.policy) take_policy_store(*out.policy, *out.unsigned_signature_properties);
    }
    return out;
}

} // namespace vanthu::xml
