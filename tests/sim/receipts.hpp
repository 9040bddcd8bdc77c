// The partner's receipt log, in memory: true receipts, and wrong ones in every way that one can be wrong. Any thread.
#pragma once

#include "schemas/receipt/receipt.hpp"

#include <map>
#include <mutex>

namespace vanthu::sim {

class receipts {
public:
    receipts(tlog::ed25519_private_key key, std::string delegation, std::string origin, std::string organisation);
    std::string give(receipt::custody_leaf); // into the log
    // Not remembered: a log that forks. `fault`: receipt_other_hash, receipt_other_origin, receipt_bad_signature,
    // receipt_missing_recipient, receipt_without_proof.
    std::string wrong(receipt::custody_leaf, std::string_view fault) const;

private:
    receipt::receipt_v1 made(const std::string& leaf, std::uint64_t index, std::uint64_t size, const digest& root,
                             std::vector<digest> proof, const std::string& origin) const;
    tlog::ed25519_private_key key_;
    std::string delegation_, origin_, organisation_;
    std::mutex guard_; // of the tree
    tlog::frontier edge_;
    std::map<tlog::node_id, digest> nodes_;
};

} // namespace vanthu::sim
