#include "signing/cades/levels.hpp"

#include "signing/cades/archive.hpp"

#include <algorithm>
#include <deque>

namespace vanthu::cades {
using cms::message_parts;
using cms::signer_parts;
namespace {

result<message_parts> open_for_adding(bytes_view cms) {
    VANTHU_TRY(message_parts parts, cms::take_apart(cms));
    if (parts.signers.empty()) return failed(cms::errc::not_cms, "no signer");
    for (const signer_parts& s : parts.signers)
        if (!s.unsigned_values(id::archive_time_stamp_v1).empty() ||
            !s.unsigned_values(id::archive_time_stamp_v2).empty())
            return failed(cms::errc::old_archive_stamp);
    return parts;
}

// RevocationInfoChoice: other [1] { id-ri-ocsp-response, OCSPResponse }
bytes other_revocation(const x509::ocsp_response& response) {
    return der::tlv(0xa1, der::joined({der::oid(id::ocsp_response), response.der()}));
}

result<signer_parts*> signer_of(message_parts& parts, const digest& content, std::size_t signer) {
    if (signer >= parts.signers.size()) return failed(cms::errc::no_such_signer, std::to_string(signer));
    signer_parts& s = parts.signers[signer];
    auto algorithm = der::first(s.digest_algorithm);
    auto dotted = algorithm ? der::first(algorithm->content) : std::nullopt;
    auto said = s.message_digest();
    if (!dotted || !said) return failed(cms::errc::not_cms, "attributes");
    if (der::oid_text(dotted->content) == x509::oid(x509::hash::sha256) && !std::ranges::equal(*said, content.view()))
        return failed(cms::errc::content_differs);
    if (parts.content) {
        sha256 hash;
        for (bytes_view piece : *parts.content) hash.update(piece);
        if (hash.finish() != content) return failed(cms::errc::content_differs);
    }
    return &s;
}

// The index, and the value that is stamped.
struct archive_subject {
    bytes index, imprint;
};
archive_subject subject_of(const message_parts& parts, const signer_parts& s, const digest& content) {
    bytes index = hash_index(indexable(parts, s, x509::hash::sha256));
    bytes imprint = archive_imprint_value(parts, s, x509::hash::sha256, content.view(), index);
    return {std::move(index), std::move(imprint)};
}

} // namespace

result<bytes> to_lt(bytes_view cms, const x509::evidence& used, const std::vector<x509::certificate>& certificates) {
    VANTHU_TRY(message_parts parts, open_for_adding(cms));
    std::deque<bytes> made; // what the parts point to
    for (const x509::certificate& c : certificates) cms::add_member(parts.certificates, c.der());
    for (const x509::crl& c : used.crls) cms::add_member(parts.crls, c.der());
    for (const x509::ocsp_response& r : used.ocsp_responses)
        cms::add_member(parts.crls, made.emplace_back(other_revocation(r)));
    return assemble(parts);
}

result<digest> archive_imprint(bytes_view cms, const digest& content, std::size_t signer) {
    VANTHU_TRY(message_parts parts, open_for_adding(cms));
    VANTHU_TRY(signer_parts * s, signer_of(parts, content, signer));
    digest out;
    std::ranges::copy(subject_of(parts, *s, content).imprint, out.value.begin());
    return out;
}

result<bytes> add_archive_stamp(bytes_view cms, const digest& content, const cms::timestamp_token& token,
                                std::size_t signer) {
    VANTHU_TRY(message_parts parts, open_for_adding(cms));
    VANTHU_TRY(signer_parts * s, signer_of(parts, content, signer));
    archive_subject subject = subject_of(parts, *s, content);
    if (token.imprint_hash != x509::hash::sha256 || token.imprint != subject.imprint)
        return failed(cms::errc::timestamp_mismatch, "imprint");
    // The index goes into the token's own unsigned attributes (5.5.2).
    VANTHU_TRY(message_parts stamp, cms::take_apart(token.der));
    if (stamp.signers.size() != 1) return failed(cms::errc::not_a_timestamp_reply, "signers");
    bytes index = cms::attribute(id::hash_index_v3, subject.index);
    cms::add_attribute(stamp.signers[0].unsigned_list, index);
    stamp.signers[0].changed = true;
    bytes attribute = cms::attribute(id::archive_time_stamp_v3, assemble(stamp));
    cms::add_attribute(s->unsigned_list, attribute);
    s->changed = true;
    // 5.5.3: the hash algorithm of the stamp should be among the message's, for readers in one pass.
    bytes plain = der::algorithm(cms::id::sha256, false), with_null = der::algorithm(cms::id::sha256, true);
    auto named = [&](bytes_view a) { return std::ranges::equal(a, plain) || std::ranges::equal(a, with_null); };
    if (std::ranges::none_of(parts.digest_algorithms, named)) cms::add_member(parts.digest_algorithms, plain);
    return assemble(parts);
}

} // namespace vanthu::cades
