#include "schemas/tlog/tree.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

namespace vanthu::tlog {
namespace {

constexpr std::uint8_t leaf_prefix[] = {0x00};
constexpr std::uint8_t node_prefix[] = {0x01};

// The largest power of two smaller than n (RFC 6962, section 2.1). n > 1.
std::uint64_t split(std::uint64_t n) { return std::uint64_t{1} << (std::bit_width(n - 1) - 1); }

// The hash of leaves [begin, begin + n), where `begin` is where the recursion of section 2.1 puts a subtree.
result<digest> range_hash(std::uint64_t begin, std::uint64_t n, const hash_reader& read) {
    if (std::has_single_bit(n)) {
        auto level = static_cast<unsigned>(std::countr_zero(n));
        return read({level, begin >> level});
    }
    std::uint64_t k = split(n);
    VANTHU_TRY(digest left, range_hash(begin, k, read));
    VANTHU_TRY(digest right, range_hash(begin + k, n - k, read));
    return node_hash(left, right);
}

// Source: RFC 6962, section 2.1.2, SUBPROOF.
result<> consistency_path(std::uint64_t old_size, std::uint64_t begin, std::uint64_t n, bool whole,
                          const hash_reader& read, std::vector<digest>& out) {
    if (old_size == n) {
        if (whole) return {}; // the verifier knows this one: it is the old root
        VANTHU_TRY(digest hash, range_hash(begin, n, read));
        out.push_back(hash);
        return {};
    }
    std::uint64_t k = split(n);
    if (old_size <= k) {
        VANTHU_CHECK(consistency_path(old_size, begin, k, whole, read, out));
        VANTHU_TRY(digest right, range_hash(begin + k, n - k, read));
        out.push_back(right);
    } else {
        VANTHU_CHECK(consistency_path(old_size - k, begin + k, n - k, false, read, out));
        VANTHU_TRY(digest left, range_hash(begin, k, read));
        out.push_back(left);
    }
    return {};
}

fail refused(const char* why) { return failed(errc::proof_refused, why); }

} // namespace

digest empty_root() { return sha256::of(bytes_view{}); }
digest leaf_hash(bytes_view content) { return sha256().update(bytes_view(leaf_prefix)).update(content).finish(); }
digest node_hash(const digest& left, const digest& right) {
    return sha256().update(bytes_view(node_prefix)).update(left.view()).update(right.view()).finish();
}

digest frontier::root() const {
    if (edge_.empty()) return empty_root();
    digest hash = edge_.back();
    for (auto left = edge_.rbegin() + 1; left != edge_.rend(); ++left) hash = node_hash(*left, hash);
    return hash;
}

void frontier::append(const digest& leaf, const node_observer& completed) {
    digest hash = leaf;
    if (completed) completed({0, size_}, hash);
    for (unsigned level = 0; (size_ >> level) & 1; ++level) {
        hash = node_hash(edge_.back(), hash);
        edge_.pop_back();
        if (completed) completed({level + 1, size_ >> (level + 1)}, hash);
    }
    edge_.push_back(hash);
    ++size_;
}

bytes frontier::encode() const {
    bytes out;
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(size_ >> shift));
    for (const digest& hash : edge_) out.insert(out.end(), hash.value.begin(), hash.value.end());
    return out;
}

result<frontier> frontier::decode(bytes_view stored) {
    if (stored.size() < 8) return failed(errc::malformed_frontier, "shorter than its size");
    frontier out;
    for (std::uint8_t b : stored.first(8)) out.size_ = out.size_ << 8 | b;
    stored = stored.subspan(8);
    if (stored.size() != 32 * static_cast<std::size_t>(std::popcount(out.size_)))
        return failed(errc::malformed_frontier,
                      fmt::format("{} bytes of hashes for {} leaves", stored.size(), out.size_));
    for (; !stored.empty(); stored = stored.subspan(32)) {
        digest hash;
        std::ranges::copy(stored.first(32), hash.value.begin());
        out.edge_.push_back(hash);
    }
    return out;
}

result<frontier> frontier_at(std::uint64_t size, const hash_reader& read) {
    bytes stored;
    for (int shift = 56; shift >= 0; shift -= 8) stored.push_back(static_cast<std::uint8_t>(size >> shift));
    std::uint64_t begin = 0;
    for (int level = 63; level >= 0; --level) {
        if (!(size >> level & 1)) continue;
        VANTHU_TRY(digest hash, read({static_cast<unsigned>(level), begin >> level}));
        stored.insert(stored.end(), hash.value.begin(), hash.value.end());
        begin += std::uint64_t{1} << level;
    }
    return frontier::decode(stored);
}

result<digest> root_at(std::uint64_t size, const hash_reader& read) {
    if (size == 0) return empty_root();
    return range_hash(0, size, read);
}

result<std::vector<digest>> inclusion_proof(std::uint64_t index, std::uint64_t size, const hash_reader& read) {
    if (index >= size) return failed(errc::out_of_range, fmt::format("leaf {} of {}", index, size));
    std::vector<digest> out;
    // From the root down to the leaf, the other half at each step; the proof's order is from the leaf up.
    for (std::uint64_t begin = 0, n = size; n > 1;) {
        std::uint64_t k = split(n);
        bool left = index - begin < k;
        VANTHU_TRY(digest other, left ? range_hash(begin + k, n - k, read) : range_hash(begin, k, read));
        out.push_back(other);
        if (!left) begin += k;
        n = left ? k : n - k;
    }
    std::ranges::reverse(out);
    return out;
}

result<std::vector<digest>> consistency_proof(std::uint64_t old_size, std::uint64_t size, const hash_reader& read) {
    if (old_size == 0 || old_size > size)
        return failed(errc::out_of_range, fmt::format("from {} to {} leaves", old_size, size));
    std::vector<digest> out;
    VANTHU_CHECK(consistency_path(old_size, 0, size, true, read, out));
    return out;
}

// Source: RFC 9162, section 2.1.3.2.
result<> verify_inclusion(const digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const digest> proof,
                          const digest& root) {
    if (index >= size) return refused("the leaf lies outside the tree");
    std::uint64_t fn = index, sn = size - 1;
    digest hash = leaf;
    for (const digest& other : proof) {
        if (sn == 0) return refused("the proof is too long");
        if ((fn & 1) || fn == sn) {
            hash = node_hash(other, hash);
            while (!(fn & 1) && fn != 0) fn >>= 1, sn >>= 1;
        } else {
            hash = node_hash(hash, other);
        }
        fn >>= 1, sn >>= 1;
    }
    if (sn != 0) return refused("the proof is too short");
    if (hash != root) return refused("the proof leads to another root");
    return {};
}

// Source: RFC 9162, section 2.1.4.2.
result<> verify_consistency(std::uint64_t old_size, std::uint64_t size, const digest& old_root, const digest& root,
                            std::span<const digest> proof) {
    if (old_size > size) return refused("the tree became smaller");
    if (old_size == size || old_size == 0) {
        if (!proof.empty()) return refused("a proof where none is needed");
        if (old_size == 0 ? old_root != empty_root() : old_root != root) return refused("another old root");
        return {};
    }
    if (proof.empty()) return refused("the proof is too short");
    // A whole old tree is itself the first hash of the path.
    bool whole = std::has_single_bit(old_size);
    digest old_hash = whole ? old_root : proof.front();
    digest hash = old_hash;
    if (!whole) proof = proof.subspan(1);
    std::uint64_t fn = old_size - 1, sn = size - 1;
    while (fn & 1) fn >>= 1, sn >>= 1;
    for (const digest& other : proof) {
        if (sn == 0) return refused("the proof is too long");
        if ((fn & 1) || fn == sn) {
            old_hash = node_hash(other, old_hash);
            hash = node_hash(other, hash);
            while (!(fn & 1) && fn != 0) fn >>= 1, sn >>= 1;
        } else {
            hash = node_hash(hash, other);
        }
        fn >>= 1, sn >>= 1;
    }
    if (sn != 0) return refused("the proof is too short");
    if (old_hash != old_root) return refused("the proof leads to another old root");
    if (hash != root) return refused("the proof leads to another root");
    return {};
}

} // namespace vanthu::tlog
