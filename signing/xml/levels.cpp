#include "signing/xml/levels.hpp"

#include "daemon/base/base64.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::xml {
namespace {

const canonicalisation stamped_as{}; // what is written: Exclusive XML Canonicalization

struct opened {
    found_signature signature;
    core_signature core;
    properties about;
};

// Does another signature of the document cover this one?
bool covers(const core_signature& other, const element& signature) {
    return std::any_of(other.references.begin(), other.references.end(), [&](const reference& r) {
        if (!r.same_document()) return false;
        for (const transform& t : r.transforms)
            if (t.what == transform::kind::without_signatures) return false;
        for (const element* at = &signature; at; at = at->parent) {
            const std::string* id = at->attribute_value("Id");
            if (r.uri.empty() || (id && r.uri.substr(1) == *id)) return true;
        }
        return false;
    });
}

result<opened> open(const source& document, std::size_t which, const limits& bounds) {
    VANTHU_TRY(outline all, outline_of(document, bounds));
    if (which >= all.signatures.size()) return failed(errc::no_signature, fmt::format("no signature {}", which));
    opened out;
    out.signature = all.signatures[which];
    VANTHU_TRY(out.core, read_core(*out.signature.top, bounds));
    VANTHU_TRY(std::optional<properties> about, read_properties(*out.signature.top, out.core, bounds));
    if (!about) return failed(errc::signature_malformed, "no XAdES signature");
    out.about = std::move(*about);
    for (std::size_t i = 0; i < all.signatures.size(); ++i) {
        if (i == which) continue;
        VANTHU_TRY(core_signature other, read_core(*all.signatures[i].top, bounds));
        if (covers(other, *out.signature.top)) return failed(errc::already_signed);
    }
    return out;
}

std::string with_prefix(const element& like, std::string_view local) {
    return like.prefix.empty() ? std::string(local) : fmt::format("{}:{}", like.prefix, local);
}

// As the last child of UnsignedSignatureProperties, which is made where it is missing. An empty-element tag cannot take
// a child without being rewritten.
result<insertion> place(const opened& in, std::string text) {
    const properties& about = in.about;
    const element* holder = about.unsigned_signature_properties;
    if (!holder) {
        std::string name = with_prefix(*about.qualifying, "UnsignedSignatureProperties");
        text = fmt::format("<{0}>{1}</{0}>", name, text);
        holder = about.unsigned_properties;
    }
    if (!holder) {
        std::string name = with_prefix(*about.qualifying, "UnsignedProperties");
        text = fmt::format("<{0}>{1}</{0}>", name, text);
        holder = about.qualifying;
    }
    element_place where = in.signature.place(*holder);
    if (where.empty_tag) return failed(errc::place_not_found, holder->local);
    // UnsignedDataObjectProperties comes after UnsignedSignatureProperties.
    return insertion{holder == about.unsigned_properties ? where.content : where.end_tag, std::move(text)};
}

std::string time_stamp(std::string_view name, std::string_view uri, bytes_view token) {
    return fmt::format("<{0} xmlns:{1}=\"{2}\" xmlns:ds=\"{3}\"><ds:CanonicalizationMethod Algorithm=\"{4}\">"
                       "</ds:CanonicalizationMethod><xades:EncapsulatedTimeStamp xmlns:xades=\"{5}\">{6}"
                       "</xades:EncapsulatedTimeStamp></{0}>",
                       name, name.substr(0, name.find(':')), uri, dsig_uri, algorithm_of(stamped_as), xades_uri,
                       base64_encode(token));
}

template <class T> bool holds(const std::vector<T>& all, const bytes& der) {
    return std::any_of(all.begin(), all.end(), [&](const T& known) { return known.der() == der; });
}

std::string encapsulated(std::string_view name, bytes_view der) {
    return fmt::format("<xades:{0}>{1}</xades:{0}>", name, base64_encode(der));
}

std::string certificate_values(const opened& in, const std::vector<x509::certificate>& certificates) {
    std::string all;
    std::vector<x509::certificate> written;
    for (const x509::certificate& c : certificates) {
        if (holds(in.core.certificates, c.der()) || holds(in.about.certificates, c.der()) || holds(written, c.der()))
            continue;
        all += encapsulated("EncapsulatedX509Certificate", c.der());
        written.push_back(c);
    }
    if (all.empty()) return all;
    return fmt::format("<xades:CertificateValues xmlns:xades=\"{}\">{}</xades:CertificateValues>", xades_uri, all);
}

std::string revocation_values(const opened& in, const x509::evidence& revocation) {
    std::string crls, responses;
    x509::evidence fresh; // add() leaves doubles out
    fresh.add(revocation);
    for (const x509::crl& c : fresh.crls)
        if (!holds(in.about.revocation.crls, c.der())) crls += encapsulated("EncapsulatedCRLValue", c.der());
    for (const x509::ocsp_response& r : fresh.ocsp_responses)
        if (!holds(in.about.revocation.ocsp_responses, r.der()))
            responses += encapsulated("EncapsulatedOCSPValue", r.der());
    if (crls.empty() && responses.empty()) return {};
    if (!crls.empty()) crls = fmt::format("<xades:CRLValues>{}</xades:CRLValues>", crls);
    if (!responses.empty()) responses = fmt::format("<xades:OCSPValues>{}</xades:OCSPValues>", responses);
    return fmt::format("<xades:RevocationValues xmlns:xades=\"{}\">{}{}</xades:RevocationValues>", xades_uri, crls,
                       responses);
}

bytes imprint_of_signature(const opened& in, x509::hash h) {
    hash_sink hash(h);
    write_signature_imprint(in.core, stamped_as, hash);
    return hash.finish();
}

result<bytes> imprint_of_archive(const source& document, const opened& in, const outside& others, x509::hash h,
                                 const limits& bounds) {
    hash_sink hash(h);
    VANTHU_CHECK(
        write_archive_imprint({document, in.signature, in.core, in.about, others}, nullptr, stamped_as, bounds, hash));
    return hash.finish();
}

digest as_digest(const bytes& value) {
    digest out;
    std::copy(value.begin(), value.end(), out.value.begin());
    return out;
}

} // namespace

result<digest> signature_imprint(const source& document, std::size_t which, const limits& bounds) {
    VANTHU_TRY(opened in, open(document, which, bounds));
    return as_digest(imprint_of_signature(in, x509::hash::sha256));
}

result<insertion> add_timestamp(const source& document, const cms::timestamp_token& token, std::size_t which,
                                const limits& bounds) {
    VANTHU_TRY(opened in, open(document, which, bounds));
    if (token.imprint != imprint_of_signature(in, token.imprint_hash)) return failed(errc::timestamp_mismatch);
    return place(in, time_stamp("xades:SignatureTimeStamp", xades_uri, token.der));
}

result<insertion> add_validation_data(const source& document, const std::vector<x509::certificate>& certificates,
                                      const x509::evidence& revocation, std::size_t which, const limits& bounds) {
    VANTHU_TRY(opened in, open(document, which, bounds));
    std::string text = certificate_values(in, certificates) + revocation_values(in, revocation);
    if (text.empty()) return insertion{};
    if (in.about.has_certificate_values || in.about.has_revocation_values)
        text = fmt::format("<xades141:TimeStampValidationData xmlns:xades141=\"{}\">{}"
                           "</xades141:TimeStampValidationData>",
                           xades141_uri, text);
    return place(in, std::move(text));
}

result<digest> archive_imprint(const source& document, const outside& others, std::size_t which, const limits& bounds) {
    VANTHU_TRY(opened in, open(document, which, bounds));
    VANTHU_TRY(bytes imprint, imprint_of_archive(document, in, others, x509::hash::sha256, bounds));
    return as_digest(imprint);
}

result<insertion> add_archive_timestamp(const source& document, const cms::timestamp_token& token,
                                        const outside& others, std::size_t which, const limits& bounds) {
    VANTHU_TRY(opened in, open(document, which, bounds));
    VANTHU_TRY(bytes imprint, imprint_of_archive(document, in, others, token.imprint_hash, bounds));
    if (token.imprint != imprint) return failed(errc::timestamp_mismatch);
    return place(in, time_stamp("xades141:ArchiveTimeStamp", xades141_uri, token.der));
}

} // namespace vanthu::xml
