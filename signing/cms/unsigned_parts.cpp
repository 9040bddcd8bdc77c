#include "signing/cms/unsigned_parts.hpp"

#include "signing/document_marks.hpp"
#include "signing/x509/ocsp.hpp"

#include <algorithm>

namespace vanthu::cms {
namespace {

constexpr std::string_view digests[] = {
    "1.2.840.113549.2.5", // MD5, as listed by historic messages; what it is good for is judged elsewhere
    "1.3.14.3.2.26",      // SHA-1
    id::sha256,           // and the rest of the family
    "2.16.840.1.101.3.4.2.2",
    "2.16.840.1.101.3.4.2.3",
    "2.16.840.1.101.3.4.2.4",
    "2.16.840.1.101.3.4.2.5",
    "2.16.840.1.101.3.4.2.6",
    "2.16.840.1.101.3.4.2.7",
    "2.16.840.1.101.3.4.2.8",
    "2.16.840.1.101.3.4.2.9",
    "2.16.840.1.101.3.4.2.10"};

constexpr std::string_view attributes[] = {"1.2.840.113549.1.9.6", // countersignature
                                           id::signature_time_stamp,
                                           "1.2.840.113549.1.9.16.2.21", // complete-certificate-references
                                           "1.2.840.113549.1.9.16.2.22", // complete-revocation-references
                                           "1.2.840.113549.1.9.16.2.23", // certificate-values
                                           "1.2.840.113549.1.9.16.2.24", // revocation-values
                                           "1.2.840.113549.1.9.16.2.25", // CAdES-C-timestamp
                                           "1.2.840.113549.1.9.16.2.26", // time-stamped-certs-crls-references
                                           "1.2.840.113549.1.9.16.2.27", // archive-time-stamp, version 1
                                           "1.2.840.113549.1.9.16.2.48", // version 2
                                           "1.2.840.113549.1.9.16.2.44", // attribute-certificate-references
                                           "1.2.840.113549.1.9.16.2.45", // attribute-revocation-references
                                           "1.2.840.113549.1.9.16.2.49", // evidence records, internal
                                           "1.2.840.113549.1.9.16.2.50", // and external
                                           "0.4.0.1733.2.2",             // long-term-validation
                                           "0.4.0.1733.2.4",             // archive-time-stamp, version 3
                                           "0.4.0.1733.2.5",             // ats-hash-index
                                           "0.4.0.19122.1.5",            // version 3
                                           "0.4.0.19122.1.3"};           // signature-policy-store

// Values that are time stamp tokens.
constexpr std::string_view stamps[] = {id::signature_time_stamp,     "1.2.840.113549.1.9.16.2.25",
                                       "1.2.840.113549.1.9.16.2.26", "1.2.840.113549.1.9.16.2.27",
                                       "1.2.840.113549.1.9.16.2.48", "0.4.0.1733.2.4"};

constexpr std::size_t longest_signature_algorithm = 128; // RSASSA-PSS needs 67
constexpr unsigned stamps_in_stamps = 2;

bool among(std::span<const std::string_view> all, std::string_view one) {
    return std::ranges::find(all, one) != all.end();
}

bool small_version(bytes_view element) { return element.size() == 3 && element[2] >= 1 && element[2] <= 5; }

// AlgorithmIdentifier of a digest: parameters absent or NULL.
bool plain_digest(bytes_view element) {
    auto outer = der::first_ber(element);
    if (!outer || outer->tag != der::tag_sequence) return false;
    auto fields = der::reader::of_ber(outer->content);
    auto name = fields.next(der::tag_oid);
    if (!name || !among(digests, der::oid_text(name->content))) return false;
    if (fields.at_end()) return true;
    auto parameters = fields.next(0x05);
    return parameters && parameters->content.empty() && fields.at_end();
}

bool known_certificate(bytes_view element, x509::cache* memory) { // attribute certificates are read by nobody here
    return element[0] == der::tag_sequence && x509::certificate_of(element, memory);
}

bool known_revocation(bytes_view element, x509::cache* memory) {
    if (element[0] == der::tag_sequence) return x509::crl_of(element, memory).has_value();
    auto other = der::first_ber(element);
    if (!other || other->tag != 0xa1) return false;
    auto fields = der::reader::of_ber(other->content);
    auto format = fields.next(der::tag_oid), value = fields.next();
    return format && value && fields.at_end() && x509::ocsp_response_of(value->whole, memory);
}

bool known(const message_parts& message, x509::cache* memory, unsigned depth);

// A token that cannot be read is said to be so where time stamps are judged; here it must hold no document.
bool known_stamp(bytes_view token, x509::cache* memory, unsigned depth) {
    auto parts = take_apart(token);
    return !parts || (depth > 0 && known(*parts, memory, depth - 1));
}

bool known_signer(const signer_parts& s, x509::cache* memory, unsigned depth) {
    if (!small_version(s.version) || !plain_digest(s.digest_algorithm)) return false;
    if (s.signature_algorithm.size() > longest_signature_algorithm) return false;
    return std::ranges::all_of(s.unsigned_list, [&](const attribute_parts& a) {
        if (!among(attributes, a.oid) || signing::holds_document_marks(a.whole)) return false;
        return !among(stamps, a.oid) ||
               std::ranges::all_of(a.values, [&](bytes_view v) { return known_stamp(v, memory, depth); });
    });
}

bool known(const message_parts& message, x509::cache* memory, unsigned depth) {
    if (!small_version(message.version)) return false;
    const auto& listed = message.digest_algorithms;
    for (std::size_t i = 0; i < listed.size(); ++i) {
        bool again = std::any_of(listed.begin(), listed.begin() + static_cast<std::ptrdiff_t>(i),
                                 [&](bytes_view b) { return std::ranges::equal(b, listed[i]); });
        if (again || !plain_digest(listed[i])) return false;
    }
    for (bytes_view one : message.certificates)
        if (!known_certificate(one, memory) || signing::holds_document_marks(one)) return false;
    for (bytes_view one : message.crls)
        if (!known_revocation(one, memory) || signing::holds_document_marks(one)) return false;
    return std::ranges::all_of(message.signers, [&](const signer_parts& s) { return known_signer(s, memory, depth); });
}

} // namespace

bool unsigned_parts_are_known(const message_parts& message, x509::cache* memory) {
    return known(message, memory, stamps_in_stamps);
}

} // namespace vanthu::cms
