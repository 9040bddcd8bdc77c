// A SignedData taken apart without being decoded: every part is a view of the bytes as they came. Archive time stamps
// are over exactly these bytes, and whatever is added to a message is added here, so that nothing else changes.
//
//   ContentInfo { id-signedData, SignedData { version, digestAlgorithms, encapContentInfo, certificates, crls,
//                                             SignerInfo { version, sid, digestAlgorithm, signedAttrs,
//                                                          signatureAlgorithm, signature, unsignedAttrs } ... } }
//
// BER is read too (indefinite lengths, strings in pieces); assemble() writes the frames in DER and copies the parts.
// Source: RFC 5652, clauses 3 and 5; EN 319 122-1 V1.3.1, clause 5.5.3 ("binary encoded form without modification").
#pragma once

#include "signing/cms/der.hpp"
#include "signing/cms/errors.hpp"

namespace vanthu::cms {

// How much of an unknown message is looked at; more is errc::over_budget.
struct budget {
    std::size_t bytes = 256u << 20;
    std::size_t signers = 16;
    std::size_t attributes = 64;         // values of one signer, signed and unsigned
    std::size_t certificates = 128;      // in the message
    std::size_t revocation_values = 256; // CRLs and OCSP responses in the message
    std::size_t time_stamps = 32;        // of one signer
    unsigned nesting = 16;               // of indefinite lengths
};

// Object identifiers that more than one file of signing/cms and signing/cades needs.
namespace id {
inline constexpr std::string_view data = "1.2.840.113549.1.7.1", signed_data = "1.2.840.113549.1.7.2",
                                  sha256 = "2.16.840.1.101.3.4.2.1", message_digest = "1.2.840.113549.1.9.4",
                                  content_time_stamp = "1.2.840.113549.1.9.16.2.20",
                                  signature_time_stamp = "1.2.840.113549.1.9.16.2.14", mime_type = "0.4.0.1733.2.1";
}

struct attribute_parts {
    bytes_view whole, type; // elements
    std::string oid;
    std::vector<bytes_view> values; // elements
};

struct signer_parts {
    bytes_view whole;
    // Elements, as they are; empty where absent. The attributes with their tags [0] and [1].
    bytes_view version, sid, digest_algorithm, signed_attributes, signature_algorithm, signature;
    std::vector<attribute_parts> signed_list, unsigned_list;
    bool changed = false; // assemble() builds it from its parts

    // All values of the attributes of that type.
    std::vector<bytes_view> signed_values(std::string_view oid) const;
    std::vector<bytes_view> unsigned_values(std::string_view oid) const;
    std::optional<bytes_view> message_digest() const;
};

struct message_parts {
    bytes_view version, content_info;                              // encapContentInfo
    bytes_view content_type;                                       // eContentType, the element
    std::optional<std::vector<bytes_view>> content;                // octets of eContent, in pieces
    std::vector<bytes_view> digest_algorithms, certificates, crls; // elements
    std::vector<signer_parts> signers;
};

// The views borrow from `message`. errc::not_cms, errc::over_budget.
result<message_parts> take_apart(bytes_view message, const budget& limits = {}, bool zero_padding = false);
// The message again. SignedData.version is raised to 5 where revocation data other than CRLs is in it (RFC 5652, 5.1).
bytes assemble(const message_parts& parts);
// eContent left out, for a reader that must not copy it.
bytes assemble_without_content(const message_parts& parts);
// The same without certificates and revocation data as well.
bytes assemble_signers_only(const message_parts& parts);

// Puts an element into a SET OF: kept in DER order where it was in DER order, otherwise at the end. False and nothing
// done where it is there already.
bool add_member(std::vector<bytes_view>& set, bytes_view element);
void add_attribute(std::vector<attribute_parts>& set, bytes_view attribute);
bytes attribute(std::string_view type, bytes_view value); // with one value

} // namespace vanthu::cms
