// Receipt v1: proof that a daemon took custody of a packet, one artefact for REST and peers.
//
//   leaf (canonical JSON, salted) -> leaf hash -> inclusion proof -> root -> head signed by the log key
//                                                                              -> key delegated by a dated statement
//                                                                              -> service certificate -> CA
//
// A receipt is kept and passed on as exact bytes. decode() refuses every byte form but the canonical one and keeps
// members that it does not know: they stay in the bytes, and those inside the leaf stay under the hash.
// Format: docs/receipts.md and receipt-v1.schema.json. Source: RFC 6962; C2SP tlog-checkpoint; RFC 8785.
#pragma once

#include "schemas/receipt/delegation.hpp"

#include <variant>

namespace vanthu::receipt {

inline constexpr std::size_t max_receipt_size = 2u << 20;
inline constexpr std::size_t max_leaf_size = 1u << 20;
inline constexpr std::size_t max_recipients = 10'000; // as many as a document may have (limits.recipients)
inline constexpr std::size_t salt_size = 16;

enum class role { accepted, relayed, final_hop }; // in JSON: accepted, relayed, final
std::string_view to_string(role);

// Which document it is, whatever envelope it came in (contracts: business identity).
struct business_identity {
    std::string issuer;        // organisation code after aliases
    std::string document_type; // BussinessDocType, as received: 0 new, 1 recall, 2 update, 3 replace, or unknown
    std::string document_id;
    std::string number, notation;
    std::string date; // yyyy-MM-dd, empty where the packet has none
    auto operator<=>(const business_identity&) const = default;
};

// A packet that arrived.
struct custody_leaf {
    role as = role::accepted;
    digest packet_sha256, content_sha256;
    business_identity identity;
    std::string from;
    std::vector<std::string> recipients;
    std::string hop_organisation;
    timestamp hop_time;
    std::array<std::uint8_t, salt_size> salt{}; // random: nobody can guess a leaf from its hash
    auto operator<=>(const custody_leaf&) const = default;
};

// A leaf whose content was destroyed lawfully. Its hash stays in the tree; this says who ordered it.
struct tombstone_leaf {
    std::string destroyed_origin; // the log that holds it: this one or an earlier one
    std::uint64_t destroyed_sequence = 0;
    digest destroyed_leaf_hash;
    std::string authority; // the decision: number, notation, date
    std::string reason;
    std::string hop_organisation;
    timestamp hop_time;
    std::array<std::uint8_t, salt_size> salt{};
    auto operator<=>(const tombstone_leaf&) const = default;
};

using leaf = std::variant<custody_leaf, tombstone_leaf>;
std::string encode_leaf(const leaf& content); // canonical JSON: what is hashed
result<leaf> decode_leaf(std::string_view json);
std::array<std::uint8_t, salt_size> new_salt();
const std::string& hop_organisation(const leaf&);
timestamp hop_time(const leaf&);

struct receipt_v1 {
    std::string log_origin;
    std::uint32_t key_id = 0;
    std::uint64_t sequence = 0; // the leaf's index in the log, from 0
    std::uint64_t tree_size = 0;
    std::vector<digest> inclusion_proof;
    std::string leaf;       // exact canonical JSON
    std::string head;       // exact signed note
    std::string delegation; // exact signed statement
    auto operator<=>(const receipt_v1&) const = default;
};
std::string encode(const receipt_v1& receipt); // the exact bytes
result<receipt_v1> decode(std::string_view bytes);

// What the holder knows of the thing receipted; a member left empty is not compared.
struct expectation {
    std::optional<digest> packet_sha256, content_sha256;
    std::optional<business_identity> identity;
    std::optional<role> as;
    std::string log_origin, from, recipient, hop_organisation;
};

struct verified_receipt {
    leaf content;
    std::string log_origin;
    std::uint64_t sequence = 0, tree_size = 0;
    digest root;
    delegation log_delegation;
    std::string service_subject; // of the certificate that delegated
};

// All of the picture above, with the certificates judged at the hop's time. The first thing that fails is the failure.
result<verified_receipt> verify(const receipt_v1& receipt, const trust_anchors& anchors,
                                const expectation& expected = {});
result<verified_receipt> verify(std::string_view bytes, const trust_anchors& anchors, const expectation& expected = {});

// What a receipt given later says of an earlier one by the same organisation. Both hold by verify(). True: the later
// log names a head of the earlier one that is over this entry. False: it says nothing of it (the same log, or a log
// between them). Failures: not_continued, the later log goes on from before this entry, as after the restore of an
// older backup; contradicted; organisation_mismatch.
result<bool> continued_by(const receipt_v1& earlier, const receipt_v1& later);

} // namespace vanthu::receipt
