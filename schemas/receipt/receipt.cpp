#include "schemas/receipt/receipt.hpp"

#include "schemas/receipt/canonical.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace vanthu::receipt {
namespace json = boost::json;
namespace {

constexpr role all_roles[] = {role::accepted, role::relayed, role::final_hop};
constexpr std::size_t max_proof = 63, max_head_size = 16u << 10;

json::object encode_custody(const custody_leaf& leaf) {
    json::array recipients;
    for (const std::string& one : leaf.recipients) recipients.emplace_back(one);
    const business_identity& id = leaf.identity;
    return {{"kind", "custody"},
            {"role", to_string(leaf.as)},
            {"packet_sha256", leaf.packet_sha256.hex()},
            {"content_sha256", leaf.content_sha256.hex()},
            {"identity", json::object{{"issuer", id.issuer},
                                      {"document_type", id.document_type},
                                      {"document_id", id.document_id},
                                      {"number", id.number},
                                      {"notation", id.notation},
                                      {"date", id.date}}},
            {"from", leaf.from},
            {"recipients", std::move(recipients)}};
}

json::object encode_tombstone(const tombstone_leaf& leaf) {
    return {{"kind", "tombstone"},
            {"destroyed", json::object{{"log_origin", leaf.destroyed_origin},
                                       {"sequence", leaf.destroyed_sequence},
                                       {"leaf_hash", leaf.destroyed_leaf_hash.hex()}}},
            {"authority", leaf.authority},
            {"reason", leaf.reason}};
}

// What every kind of leaf says: who, when, and the salt.
template <class Leaf> result<> read_common(const canonical::members& in, Leaf& out) {
    VANTHU_TRY(out.hop_organisation, in.text("hop_organisation"));
    VANTHU_TRY(out.hop_time, in.time("hop_time"));
    VANTHU_TRY(bytes salt, in.hex("salt", salt_size));
    std::ranges::copy(salt, out.salt.begin());
    return {};
}

result<leaf> decode_custody(const canonical::members& in) {
    custody_leaf out;
    VANTHU_TRY(std::string as, in.text("role"));
    const role* known = std::ranges::find(all_roles, as, [](role r) { return to_string(r); });
    if (known == std::end(all_roles)) return failed(errc::malformed, "role " + as);
    out.as = *known;
    VANTHU_TRY(out.packet_sha256, in.hash("packet_sha256"));
    VANTHU_TRY(out.content_sha256, in.hash("content_sha256"));
    VANTHU_TRY(canonical::members identity, in.object("identity"));
    VANTHU_TRY(out.identity.issuer, identity.text("issuer"));
    VANTHU_TRY(out.identity.document_type, identity.text("document_type"));
    VANTHU_TRY(out.identity.document_id, identity.text("document_id"));
    VANTHU_TRY(out.identity.number, identity.text("number"));
    VANTHU_TRY(out.identity.notation, identity.text("notation"));
    VANTHU_TRY(out.identity.date, identity.text("date"));
    VANTHU_TRY(out.from, in.text("from"));
    VANTHU_TRY(out.recipients, in.texts("recipients", max_recipients));
    VANTHU_CHECK(read_common(in, out));
    return out;
}

result<leaf> decode_tombstone(const canonical::members& in) {
    tombstone_leaf out;
    VANTHU_TRY(canonical::members destroyed, in.object("destroyed"));
    VANTHU_TRY(out.destroyed_origin, destroyed.text("log_origin"));
    VANTHU_TRY(out.destroyed_sequence, destroyed.number("sequence"));
    VANTHU_TRY(out.destroyed_leaf_hash, destroyed.hash("leaf_hash"));
    VANTHU_TRY(out.authority, in.text("authority"));
    VANTHU_TRY(out.reason, in.text("reason"));
    VANTHU_CHECK(read_common(in, out));
    return out;
}

// The leaf is in the tree whose head is quoted: by hashes alone, before any signature is looked at.
result<tlog::checkpoint> check_inclusion(const receipt_v1& receipt) {
    auto head_refused = [](failure why) { return failed(errc::head_refused, why.code.message() + " " + why.detail); };
    auto note = tlog::decode_note(receipt.head);
    if (!note) return head_refused(note.error());
    auto head = tlog::parse_checkpoint(note->text);
    if (!head) return head_refused(head.error());
    if (head->size != receipt.tree_size) return failed(errc::not_included, "the head is of another size");
    auto included = tlog::verify_inclusion(tlog::leaf_hash(as_bytes(receipt.leaf)), receipt.sequence, receipt.tree_size,
                                           receipt.inclusion_proof, head->root);
    if (!included) return failed(errc::not_included, included.error().detail);
    if (head->origin != receipt.log_origin) return failed(errc::origin_mismatch, "the head is of another log");
    return *head;
}

// One head is signed for all that were kept together, so that its signature comes again with their receipts.
result<> check_head_signature(const receipt_v1& receipt, const delegation& delegated, const trust_anchors& anchors) {
    if (delegated.log_origin != receipt.log_origin)
        return failed(errc::origin_mismatch, "the delegation is of another log");
    const digest name = sha256().update("head ").update(delegated.log_key).update(receipt.head).finish();
    if (!anchors.remembers_signature(name)) {
        if (auto signed_head = tlog::verify_checkpoint(receipt.head, delegated.log_key); !signed_head)
            return failed(errc::head_refused, signed_head.error().code.message());
        anchors.remember_signature(name);
    }
    if (receipt.key_id != tlog::key_id(receipt.log_origin, delegated.log_key))
        return failed(errc::head_refused, "another key id");
    return {};
}

result<> compare(const leaf& content, const receipt_v1& receipt, const expectation& expected) {
    auto other = [](const char* what) { return failed(errc::not_what_was_sent, what); };
    if (!expected.log_origin.empty() && expected.log_origin != receipt.log_origin) return other("log_origin");
    if (!expected.hop_organisation.empty() && expected.hop_organisation != hop_organisation(content))
        return other("hop_organisation");
    const auto* custody = std::get_if<custody_leaf>(&content);
    bool of_a_packet = expected.packet_sha256 || expected.content_sha256 || expected.identity || expected.as ||
                       !expected.from.empty() || !expected.recipient.empty();
    if (!of_a_packet) return {};
    if (!custody) return other("kind");
    if (expected.packet_sha256 && *expected.packet_sha256 != custody->packet_sha256) return other("packet_sha256");
    if (expected.content_sha256 && *expected.content_sha256 != custody->content_sha256) return other("content_sha256");
    if (expected.identity && *expected.identity != custody->identity) return other("identity");
    if (expected.as && *expected.as != custody->as) return other("role");
    if (!expected.from.empty() && expected.from != custody->from) return other("from");
    if (!expected.recipient.empty() &&
        std::ranges::find(custody->recipients, expected.recipient) == custody->recipients.end())
        return other("recipient");
    return {};
}

} // namespace

std::string_view to_string(role r) {
    switch (r) {
    case role::accepted:
        return "accepted";
    case role::relayed:
        return "relayed";
    case role::final_hop:
        return "final";
    }
    return "";
}

std::array<std::uint8_t, salt_size> new_salt() {
    std::array<std::uint8_t, salt_size> out{};
    std::ranges::copy(random_bytes(salt_size), out.begin());
    return out;
}

const std::string& hop_organisation(const leaf& content) {
    return std::visit([](const auto& one) -> const std::string& { return one.hop_organisation; }, content);
}
timestamp hop_time(const leaf& content) {
    return std::visit([](const auto& one) { return one.hop_time; }, content);
}

std::string encode_leaf(const leaf& content) {
    const auto* custody = std::get_if<custody_leaf>(&content);
    json::object out = custody ? encode_custody(*custody) : encode_tombstone(std::get<tombstone_leaf>(content));
    std::visit(
        [&](const auto& one) {
            out["schema_version"] = 1;
            out["hop_organisation"] = one.hop_organisation;
            out["hop_time"] = to_rfc3339(one.hop_time);
            out["salt"] = to_hex(one.salt);
        },
        content);
    return canonical::write(out);
}

result<leaf> decode_leaf(std::string_view text) {
    VANTHU_TRY(json::object object, canonical::parse(text, max_leaf_size));
    canonical::members in(object);
    VANTHU_CHECK(in.version(1));
    VANTHU_TRY(std::string kind, in.text("kind"));
    if (kind == "custody") return decode_custody(in);
    if (kind == "tombstone") return decode_tombstone(in);
    return failed(errc::malformed, "a leaf of kind " + kind);
}

std::string encode(const receipt_v1& receipt) {
    json::array proof;
    for (const digest& hash : receipt.inclusion_proof) proof.emplace_back(hash.hex());
    // Leaf and delegation go in as the exact bytes that were hashed and signed; members stand in sorted order.
    return fmt::format(
        R"({{"delegation":{},"head":{},"inclusion_proof":{},"key_id":"{:08x}","kind":"receipt","leaf":{},)"
        R"("log_origin":{},"schema_version":1,"sequence":{},"tree_size":{}}})",
        receipt.delegation, canonical::write(json::string(receipt.head)), canonical::write(proof), receipt.key_id,
        receipt.leaf, canonical::write(json::string(receipt.log_origin)), receipt.sequence, receipt.tree_size);
}

static result<receipt_v1> decode_members(const canonical::members& in) { // all but the delegation
    VANTHU_CHECK(in.version(1));
    VANTHU_CHECK(in.kind("receipt"));
    receipt_v1 out;
    VANTHU_TRY(out.log_origin, in.text("log_origin"));
    VANTHU_TRY(bytes key, in.hex("key_id", 4));
    for (std::uint8_t b : key) out.key_id = out.key_id << 8 | b;
    VANTHU_TRY(out.sequence, in.number("sequence"));
    VANTHU_TRY(out.tree_size, in.number("tree_size"));
    VANTHU_TRY(auto proof, in.texts("inclusion_proof", max_proof));
    for (const std::string& hex : proof) {
        VANTHU_TRY(digest hash, canonical::hash_from(hex));
        out.inclusion_proof.push_back(hash);
    }
    VANTHU_TRY(out.head, in.text("head", max_head_size));
    VANTHU_TRY(out.leaf, in.object_text("leaf"));
    return out;
}

result<receipt_v1> decode(std::string_view text) {
    // Most of a receipt is its delegation, the same in all of a log, and in canonical form it comes first. The one that
    // was read last (on this thread) is canonical: cut out of a text that begins with it, what is left tells whether
    // the text is.
    constexpr std::string_view opening = R"({"delegation":)", nothing = "{}";
    constexpr std::size_t remembered_at_most = 64u << 10;
    thread_local std::string known;
    if (text.size() <= max_receipt_size && !known.empty() && text.starts_with(opening) &&
        text.substr(opening.size()).starts_with(known)) {
        std::string rest(opening);
        rest.append(nothing).append(text.substr(opening.size() + known.size()));
        VANTHU_TRY(json::object object, canonical::parse(rest, max_receipt_size));
        VANTHU_TRY(receipt_v1 out, decode_members(canonical::members(object)));
        out.delegation = known;
        return out;
    }
    VANTHU_TRY(json::object object, canonical::parse(text, max_receipt_size));
    const canonical::members in(object);
    VANTHU_TRY(receipt_v1 out, decode_members(in));
    VANTHU_TRY(out.delegation, in.object_text("delegation"));
    if (out.delegation.size() <= remembered_at_most) known = out.delegation;
    return out;
}

result<verified_receipt> verify(const receipt_v1& receipt, const trust_anchors& anchors, const expectation& expected) {
    VANTHU_TRY(leaf content, decode_leaf(receipt.leaf));
    VANTHU_TRY(tlog::checkpoint head, check_inclusion(receipt));
    VANTHU_TRY(unjudged_delegation named, open_delegation(receipt.delegation));
    VANTHU_CHECK(check_head_signature(receipt, named.content, anchors));
    VANTHU_TRY(verified_delegation delegated, verify_delegation(std::move(named), anchors, hop_time(content)));
    if (delegated.content.organisation != hop_organisation(content))
        return failed(errc::organisation_mismatch, hop_organisation(content));
    VANTHU_CHECK(compare(content, receipt, expected));
    return verified_receipt{std::move(content),          receipt.log_origin, receipt.sequence,
                            receipt.tree_size,           head.root,          std::move(delegated.content),
                            std::move(delegated.subject)};
}

result<bool> continued_by(const receipt_v1& earlier, const receipt_v1& later) {
    VANTHU_TRY(const delegation before, decode_delegation(earlier.delegation));
    VANTHU_TRY(const delegation after, decode_delegation(later.delegation));
    if (before.organisation != after.organisation)
        return failed(errc::organisation_mismatch, after.organisation + ", " + before.organisation);
    VANTHU_TRY(const tlog::checkpoint head, tlog::verify_checkpoint(earlier.head, before.log_key));
    const std::string place = earlier.log_origin + " " + std::to_string(earlier.sequence);
    if (later.log_origin == earlier.log_origin) {
        VANTHU_TRY(const tlog::checkpoint other, tlog::verify_checkpoint(later.head, after.log_key));
        if ((later.sequence == earlier.sequence && later.leaf != earlier.leaf) ||
            (other.size == head.size && other.root != head.root))
            return failed(errc::contradicted, place);
        return false;
    }
    if (!after.previous || after.previous->origin != earlier.log_origin) return false;
    std::uint64_t known = 0; // leaves under the last known head; none is known of a log that signed nothing
    if (!after.previous->head.empty()) {
        VANTHU_TRY(const tlog::checkpoint last, tlog::verify_checkpoint(after.previous->head, before.log_key));
        if (last.size == head.size && last.root != head.root) return failed(errc::contradicted, place);
        known = last.size;
    }
    if (earlier.sequence >= known)
        return failed(errc::not_continued, place + ", " + later.log_origin + " goes on from " + std::to_string(known));
    return true;
}

result<verified_receipt> verify(std::string_view text, const trust_anchors& anchors, const expectation& expected) {
    VANTHU_TRY(receipt_v1 receipt, decode(text));
    return verify(receipt, anchors, expected);
}

} // namespace vanthu::receipt
