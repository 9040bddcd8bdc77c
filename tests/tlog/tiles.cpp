#include "schemas/tlog/tiles.hpp"

#include <boost/test/unit_test.hpp>
#include <map>

using namespace vanthu;
using namespace vanthu::tlog;

BOOST_AUTO_TEST_CASE(tile_paths_are_those_of_the_specification) {
    BOOST_TEST(tile_path({0, 1234067, 256}) == "tile/0/x001/x234/067");
    BOOST_TEST(tile_path({1, 0, 17}) == "tile/1/000.p/17");
    BOOST_TEST(tile_path({0, 273, 112}) == "tile/0/273.p/112");
    for (tile_id tile : {tile_id{0, 0, 1}, {3, 999, 255}, {0, 1000, 256}, {63, 123456789012345, 256}})
        BOOST_TEST((parse_tile_path(tile_path(tile)) == tile));
}

BOOST_AUTO_TEST_CASE(other_spellings_of_a_tile_path_are_refused) {
    for (const char* wrong :
         {"tile/0/0", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/0/000.p/256", "tile/0/000.p/0",
          "tile/0/000.p/01", "tile/0/001/000", "tile/0/x000/001", "tile/0/x001", "tile/0/", "tile/0", "tile/-1/000",
          "tile/0/../000", "tile/0/99x", "/tile/0/000", "tile/0/x999999/x999/x999/x999/x999/x999/999"})
        BOOST_TEST(!parse_tile_path(wrong).has_value(), wrong);
}

// C2SP tlog-tiles: 70 000 leaves are 273 full tiles and one of 112; one full, one of 17; one of 1.
BOOST_AUTO_TEST_CASE(seventy_thousand_leaves_need_the_tiles_of_the_specifications_example) {
    auto tiles = new_tiles(0, 70'000);
    BOOST_TEST(tiles.size() == 274u + 2u + 1u);
    BOOST_TEST((tiles[272] == tile_id{0, 272, 256}));
    BOOST_TEST((tiles[273] == tile_id{0, 273, 112}));
    BOOST_TEST((tiles[274] == tile_id{1, 0, 256}));
    BOOST_TEST((tiles[275] == tile_id{1, 1, 17}));
    BOOST_TEST((tiles[276] == tile_id{2, 0, 1}));
    BOOST_TEST(new_tiles(0, 256).size() == 2u);
    BOOST_TEST((new_tiles(255, 256).back() == tile_id{1, 0, 1}));
    BOOST_TEST(new_tiles(70'000, 70'001).size() == 1u);
    BOOST_TEST(new_tiles(5, 5).empty());
}

BOOST_AUTO_TEST_CASE(proofs_from_tiles_are_the_proofs_from_the_tree_past_two_levels) {
    constexpr std::uint64_t leaves = 66'000;
    std::map<node_id, digest> nodes;
    std::map<std::pair<unsigned, std::uint64_t>, bytes> tiles;
    frontier edge;
    for (std::uint64_t i = 0; i < leaves; ++i)
        edge.append(leaf_hash(as_bytes(std::to_string(i))), [&](node_id id, const digest& hash) {
            nodes[id] = hash;
            if (id.level % tile_height) return;
            bytes& tile = tiles[{id.level / tile_height, id.index / tile_width}];
            BOOST_REQUIRE(tile.size() == id.index % tile_width * 32);
            tile.insert(tile.end(), hash.value.begin(), hash.value.end());
        });
    std::size_t reads = 0;
    auto from_tiles = [&] {
        reads = 0;
        return read_tiles([&](const tile_id& id) -> result<bytes> {
            ++reads;
            return tiles.at({id.level, id.index});
        });
    };
    hash_reader from_nodes = [&](node_id id) -> result<digest> { return nodes.at(id); };
    BOOST_TEST(root_at(leaves, from_tiles()).value().hex() == edge.root().hex());
    for (std::uint64_t size : {1u, 255u, 256u, 257u, 65'535u, 65'536u, 65'537u, 66'000u})
        for (std::uint64_t index : {std::uint64_t{0}, size / 3, size - 1}) {
            BOOST_REQUIRE(inclusion_proof(index, size, from_tiles()).value() ==
                          inclusion_proof(index, size, from_nodes).value());
            BOOST_TEST(reads <= 6u);
        }
    auto proof = consistency_proof(257, leaves, from_tiles()).value();
    BOOST_TEST(verify_consistency(257, leaves, root_at(257, from_tiles()).value(), edge.root(), proof).has_value());
}

BOOST_AUTO_TEST_CASE(a_tile_too_short_for_a_hash_is_reported) {
    bytes three(96);
    BOOST_TEST(node_from_tile({0, 2}, three).has_value());
    BOOST_TEST((node_from_tile({0, 3}, three).error().code == errc::missing_hash));
    BOOST_TEST((node_from_tile({1, 1}, three).error().code == errc::missing_hash));
    BOOST_TEST((node_from_tile({0, 0}, bytes(33)).error().code == errc::missing_hash));
}
