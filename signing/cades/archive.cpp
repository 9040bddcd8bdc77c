#include "signing/cades/archive.hpp"

#include <algorithm>

namespace vanthu::cades {
namespace {

bytes sequence_of_octets(const std::set<bytes>& hashes) {
    bytes content;
    for (const bytes& h : hashes) {
        bytes one = der::tlv(der::tag_octets, h);
        content.insert(content.end(), one.begin(), one.end());
    }
    return der::tlv(der::tag_sequence, content);
}

std::optional<std::set<bytes>> read_octets(std::optional<der::element> list) {
    if (!list) return std::nullopt;
    std::set<bytes> all;
    for (der::reader in(list->content); !in.at_end();) {
        auto one = in.next(der::tag_octets);
        if (!one) return std::nullopt;
        all.emplace(one->content.begin(), one->content.end());
    }
    return all;
}

bool includes(const std::set<bytes>& present, const std::set<bytes>& named) {
    return std::ranges::includes(present, named);
}

} // namespace

bytes hash_of_attribute_value(const cms::attribute_parts& attribute, bytes_view value, x509::hash h) {
    return x509::hash_of(h, der::joined({attribute.type, value}));
}

indexable::indexable(const cms::message_parts& message, const cms::signer_parts& signer, x509::hash h) : algorithm(h) {
    for (bytes_view c : message.certificates) certificates.insert(x509::hash_of(h, c));
    for (bytes_view c : message.crls) crls.insert(x509::hash_of(h, c));
    for (const cms::attribute_parts& a : signer.unsigned_list)
        for (bytes_view value : a.values) attribute_values.insert(hash_of_attribute_value(a, value, h));
}

bytes hash_index(const indexable& all) {
    return der::sequence({der::algorithm(x509::oid(all.algorithm), false), sequence_of_octets(all.certificates),
                          sequence_of_octets(all.crls), sequence_of_octets(all.attribute_values)});
}

bool parsed_index::holds(const indexable& present) const {
    return algorithm == x509::oid(present.algorithm) && includes(present.certificates, certificates) &&
           includes(present.crls, crls) && includes(present.attribute_values, attribute_values);
}

std::optional<parsed_index> index_of_token(bytes_view token) {
    auto parts = cms::take_apart(token);
    if (!parts || parts->signers.size() != 1) return std::nullopt;
    auto values = parts->signers[0].unsigned_values(id::hash_index_v3);
    auto index = values.size() == 1 ? der::first(values[0]) : std::nullopt;
    if (!index || index->tag != der::tag_sequence) return std::nullopt;
    der::reader fields(index->content);
    auto algorithm = fields.next(der::tag_sequence);
    auto dotted = algorithm ? der::first(algorithm->content) : std::nullopt;
    if (!dotted || dotted->tag != der::tag_oid) return std::nullopt;
    auto certificates = read_octets(fields.next(der::tag_sequence)), crls = read_octets(fields.next(der::tag_sequence)),
         values_named = read_octets(fields.next(der::tag_sequence));
    if (!certificates || !crls || !values_named || !fields.at_end()) return std::nullopt;
    return parsed_index{index->whole, der::oid_text(dotted->content), std::move(*certificates), std::move(*crls),
                        std::move(*values_named)};
}

bytes archive_imprint_value(const cms::message_parts& message, const cms::signer_parts& s, x509::hash h,
                            bytes_view content_hash, bytes_view index) {
    return x509::hash_of(h, der::joined({message.content_type, content_hash, s.version, s.sid, s.digest_algorithm,
                                         s.signed_attributes, s.signature_algorithm, s.signature, index}));
}

} // namespace vanthu::cades
