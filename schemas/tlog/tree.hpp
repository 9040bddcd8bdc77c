// The Merkle tree of a transparency log: hashes, root, the two proofs and their verification.
//
// A tree of n leaves is a row of complete subtrees, the largest at the left, one for each set bit of n. That row is the
// frontier: it is all that appending needs. Interior hashes of complete subtrees never change, so every proof for every
// (index, size) can be made later from stored hashes, asked for through a hash_reader.
//
// Pure; every function may be called from any thread. Source: RFC 6962, section 2.1; RFC 9162, sections 2.1.3
// and 2.1.4.
#pragma once

#include "daemon/base/bytes.hpp"
#include "schemas/tlog/errors.hpp"

#include <functional>

namespace vanthu::tlog {

digest empty_root();                                       // SHA-256 of nothing
digest leaf_hash(bytes_view content);                      // SHA-256(0x00 || content)
digest node_hash(const digest& left, const digest& right); // SHA-256(0x01 || left || right)

// The complete subtree over leaves [index << level, (index + 1) << level).
struct node_id {
    unsigned level = 0;
    std::uint64_t index = 0;
    auto operator<=>(const node_id&) const = default;
};
// Gives the hash of a complete subtree. Called only for subtrees that lie wholly inside the tree asked about.
using hash_reader = std::function<result<digest>(node_id)>;
using node_observer = std::function<void(node_id, const digest&)>;

// The right edge: the complete subtrees of the tree, the largest first. Appending is O(log n) and touches nothing else.
class frontier {
public:
    std::uint64_t size() const { return size_; }
    digest root() const; // of the empty tree: empty_root()
    // Tells `completed` every subtree that this leaf completes, the leaf itself (level 0) first.
    void append(const digest& leaf, const node_observer& completed = {});

    bytes encode() const; // size, 8 bytes big-endian, then the hashes, the largest subtree first
    static result<frontier> decode(bytes_view stored);

private:
    std::uint64_t size_ = 0;
    std::vector<digest> edge_;
};

result<digest> root_at(std::uint64_t size, const hash_reader& read);
result<frontier> frontier_at(std::uint64_t size, const hash_reader& read);

// The path from leaf `index` to the root of the tree of `size` leaves, lowest first. index < size.
result<std::vector<digest>> inclusion_proof(std::uint64_t index, std::uint64_t size, const hash_reader& read);
// That the tree of `old_size` leaves is the beginning of the tree of `size` leaves. 0 < old_size <= size.
result<std::vector<digest>> consistency_proof(std::uint64_t old_size, std::uint64_t size, const hash_reader& read);

// errc::proof_refused unless the proof leads from the leaf to exactly this root; no hash too many, none too few.
result<> verify_inclusion(const digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const digest> proof,
                          const digest& root);
// An old tree of no leaves is the beginning of every tree; its proof is empty.
result<> verify_consistency(std::uint64_t old_size, std::uint64_t size, const digest& old_root, const digest& root,
                            std::span<const digest> proof);

} // namespace vanthu::tlog
