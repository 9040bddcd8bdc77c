#include "schemas/tlog/tree.hpp"

#include <boost/test/unit_test.hpp>
#include <map>

using namespace vanthu;
using namespace vanthu::tlog;

namespace {

// The definition of RFC 6962, section 2.1, word for word: slow, and independent of what is tested.
digest mth(std::span<const bytes> d) {
    if (d.empty()) return sha256::of(bytes_view{});
    if (d.size() == 1) return sha256().update(bytes{0x00}).update(d[0]).finish();
    std::size_t k = 1;
    while (k * 2 < d.size()) k *= 2;
    return sha256().update(bytes{0x01}).update(mth(d.first(k)).view()).update(mth(d.subspan(k)).view()).finish();
}
std::vector<digest> path(std::size_t m, std::span<const bytes> d) {
    if (d.size() == 1) return {};
    std::size_t k = 1;
    while (k * 2 < d.size()) k *= 2;
    std::vector<digest> out = m < k ? path(m, d.first(k)) : path(m - k, d.subspan(k));
    out.push_back(m < k ? mth(d.subspan(k)) : mth(d.first(k)));
    return out;
}

struct grown_tree {
    std::vector<bytes> leaves;
    std::map<node_id, digest> nodes;
    frontier edge;

    void add(bytes leaf) {
        edge.append(leaf_hash(leaf),
                    [&](node_id id, const digest& hash) { BOOST_REQUIRE(nodes.emplace(id, hash).second); });
        leaves.push_back(std::move(leaf));
    }
    hash_reader reader(std::uint64_t size) const {
        return [this, size](node_id id) -> result<digest> {
            BOOST_REQUIRE(((id.index + 1) << id.level) <= size); // only subtrees inside the tree are asked for
            auto found = nodes.find(id);
            if (found == nodes.end()) return failed(errc::missing_hash);
            return found->second;
        };
    }
};

grown_tree tree_of(std::size_t n) {
    grown_tree t;
    for (std::size_t i = 0; i < n; ++i) t.add(to_bytes("leaf " + std::to_string(i)));
    return t;
}

// The eight leaves and roots of the reference implementation of RFC 6962 (certificate-transparency, merkle tests).
const char* const reference_leaves[] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
const char* const reference_roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                       "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                       "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                       "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                       "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                       "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                       "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

} // namespace

BOOST_AUTO_TEST_CASE(roots_match_the_reference_vectors_of_rfc_6962) {
    BOOST_TEST(empty_root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    frontier edge;
    BOOST_TEST(edge.root().hex() == empty_root().hex());
    for (std::size_t i = 0; i < 8; ++i) {
        edge.append(leaf_hash(from_hex(reference_leaves[i]).value()));
        BOOST_TEST(edge.root().hex() == reference_roots[i]);
    }
}

BOOST_AUTO_TEST_CASE(proofs_match_the_reference_vectors_of_rfc_6962) {
    grown_tree t;
    for (const char* leaf : reference_leaves) t.add(from_hex(leaf).value());
    auto hex = [](const std::vector<digest>& hashes) {
        std::vector<std::string> out;
        for (const digest& h : hashes) out.push_back(h.hex());
        return out;
    };
    const std::vector<std::string> sixth_of_eight{"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                                                  "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                                  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"};
    BOOST_TEST(hex(inclusion_proof(5, 8, t.reader(8)).value()) == sixth_of_eight);
    const std::vector<std::string> six_to_eight{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"};
    BOOST_TEST(hex(consistency_proof(6, 8, t.reader(8)).value()) == six_to_eight);
}

BOOST_AUTO_TEST_CASE(every_root_and_inclusion_proof_up_to_70_leaves_is_the_rfcs_own) {
    grown_tree t = tree_of(70);
    for (std::size_t size = 1; size <= 70; ++size) {
        std::span<const bytes> leaves(t.leaves.data(), size);
        digest root = mth(leaves);
        BOOST_REQUIRE(root_at(size, t.reader(size)).value() == root);
        for (std::size_t i = 0; i < size; ++i) {
            auto proof = inclusion_proof(i, size, t.reader(size)).value();
            BOOST_REQUIRE(proof == path(i, leaves));
            digest leaf = leaf_hash(t.leaves[i]);
            BOOST_REQUIRE(verify_inclusion(leaf, i, size, proof, root).has_value());
            BOOST_REQUIRE(!verify_inclusion(leaf_hash(as_bytes("other")), i, size, proof, root));
            BOOST_REQUIRE(!verify_inclusion(leaf, size, size, proof, root));
            for (std::size_t wrong = 0; wrong < size; ++wrong)
                if (wrong != i) BOOST_REQUIRE(!verify_inclusion(leaf, wrong, size, proof, root));
            auto longer = proof;
            longer.push_back(leaf);
            BOOST_REQUIRE(!verify_inclusion(leaf, i, size, longer, root));
            for (std::size_t k = 0; k < proof.size(); ++k) {
                auto changed = proof;
                changed[k].value[k % 32] ^= 1;
                BOOST_REQUIRE(!verify_inclusion(leaf, i, size, changed, root));
            }
            if (!proof.empty()) {
                proof.pop_back();
                BOOST_REQUIRE(!verify_inclusion(leaf, i, size, proof, root));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(every_consistency_proof_up_to_70_leaves_verifies_and_no_changed_one_does) {
    grown_tree t = tree_of(70);
    std::vector<digest> roots;
    for (std::size_t n = 0; n <= 70; ++n) roots.push_back(mth(std::span<const bytes>(t.leaves.data(), n)));
    for (std::size_t size = 1; size <= 70; ++size)
        for (std::size_t old = 1; old <= size; ++old) {
            auto proof = consistency_proof(old, size, t.reader(size)).value();
            BOOST_REQUIRE(verify_consistency(old, size, roots[old], roots[size], proof).has_value());
            digest wrong = sha256::of("another history");
            BOOST_REQUIRE(!verify_consistency(old, size, wrong, roots[size], proof));
            BOOST_REQUIRE(!verify_consistency(old, size, roots[old], wrong, proof));
            BOOST_REQUIRE(!verify_consistency(size + 1, size, roots[old], roots[size], proof));
            auto longer = proof;
            longer.push_back(wrong);
            BOOST_REQUIRE(!verify_consistency(old, size, roots[old], roots[size], longer));
            if (proof.empty()) continue;
            for (std::size_t k = 0; k < proof.size(); ++k) {
                auto changed = proof;
                changed[k].value[31] ^= 0x80;
                BOOST_REQUIRE(!verify_consistency(old, size, roots[old], roots[size], changed));
            }
            proof.pop_back();
            BOOST_REQUIRE(!verify_consistency(old, size, roots[old], roots[size], proof));
        }
    BOOST_TEST(verify_consistency(0, 5, empty_root(), roots[5], {}).has_value());
    BOOST_TEST(!verify_consistency(0, 5, roots[1], roots[5], {}));
}

BOOST_AUTO_TEST_CASE(a_frontier_survives_storing_and_can_be_rebuilt_from_hashes) {
    grown_tree t;
    for (std::size_t n = 0; n < 70; ++n) {
        auto stored = frontier::decode(t.edge.encode());
        BOOST_REQUIRE(stored.has_value());
        BOOST_REQUIRE(stored->root() == t.edge.root());
        BOOST_REQUIRE(frontier_at(n, t.reader(n)).value().encode() == t.edge.encode());
        t.add(to_bytes(std::to_string(n)));
    }
}

BOOST_AUTO_TEST_CASE(a_frontier_that_does_not_fit_its_size_is_refused) {
    bytes stored = tree_of(5).edge.encode();
    for (std::size_t cut = 0; cut < stored.size(); ++cut)
        BOOST_TEST((frontier::decode(bytes_view(stored).first(cut)).error().code == errc::malformed_frontier));
    stored[7] = 7;
    BOOST_TEST((frontier::decode(stored).error().code == errc::malformed_frontier));
}

BOOST_AUTO_TEST_CASE(proofs_outside_the_tree_are_refused_and_a_missing_hash_is_reported) {
    grown_tree t = tree_of(5);
    BOOST_TEST((inclusion_proof(5, 5, t.reader(5)).error().code == errc::out_of_range));
    BOOST_TEST((consistency_proof(0, 5, t.reader(5)).error().code == errc::out_of_range));
    BOOST_TEST((consistency_proof(6, 5, t.reader(5)).error().code == errc::out_of_range));
    t.nodes.erase({2, 0});
    BOOST_TEST((inclusion_proof(4, 5, t.reader(5)).error().code == errc::missing_hash));
}
