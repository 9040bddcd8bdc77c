#include "tests/sim/receipts.hpp"

#include "tests/support/must.hpp"

namespace vanthu::sim {

using test::must;

receipts::receipts(tlog::ed25519_private_key key, std::string delegation, std::string origin, std::string organisation)
    : key_(std::move(key)), delegation_(std::move(delegation)), origin_(std::move(origin)),
      organisation_(std::move(organisation)) {}

receipt::receipt_v1 receipts::made(const std::string& leaf, std::uint64_t index, std::uint64_t size, const digest& root,
                                   std::vector<digest> proof, const std::string& origin) const {
    receipt::receipt_v1 r;
    r.log_origin = origin;
    r.key_id = tlog::key_id(origin, key_.public_key());
    r.sequence = index;
    r.tree_size = size;
    r.inclusion_proof = std::move(proof);
    r.leaf = leaf;
    r.head = tlog::sign_checkpoint({origin, size, root}, key_);
    r.delegation = delegation_;
    return r;
}

std::string receipts::give(receipt::custody_leaf leaf) {
    leaf.hop_organisation = organisation_;
    leaf.hop_time = system_clock().now();
    leaf.salt = receipt::new_salt();
    const std::string text = receipt::encode_leaf(leaf);
    std::lock_guard lock(guard_);
    const std::uint64_t index = edge_.size();
    edge_.append(tlog::leaf_hash(as_bytes(text)), [&](tlog::node_id id, const digest& d) { nodes_[id] = d; });
    auto proof = must("proof", tlog::inclusion_proof(index, index + 1, [&](tlog::node_id id) -> result<digest> {
                          return nodes_.at(id);
                      }));
    return receipt::encode(made(text, index, index + 1, edge_.root(), std::move(proof), origin_));
}

std::string receipts::wrong(receipt::custody_leaf leaf, std::string_view fault) const {
    leaf.hop_organisation = organisation_;
    leaf.hop_time = system_clock().now();
    leaf.salt = receipt::new_salt();
    if (fault == "receipt_other_hash") leaf.packet_sha256.value[7] ^= 1;
    if (fault == "receipt_missing_recipient") {
        leaf.recipients.pop_back();
        leaf.recipients.push_back("H48.99");
    }
    const std::string text = receipt::encode_leaf(leaf);
    const digest root = tlog::leaf_hash(as_bytes(text));
    auto r = made(text, 0, 1, root, {}, fault == "receipt_other_origin" ? "vanthu.example/elsewhere/1" : origin_);
    if (fault == "receipt_without_proof") r = made(text, 0, 2, tlog::node_hash(root, root), {}, origin_);
    if (fault == "receipt_bad_signature")
        r.head = tlog::sign_checkpoint({origin_, 1, root}, tlog::ed25519_private_key::generate());
    return receipt::encode(r);
}

} // namespace vanthu::sim
