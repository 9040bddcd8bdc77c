// Tiles: the tree's hashes in files of up to 256, the unit in which they are stored and shown to witnesses.
//
// Tile (level l, index n) holds the hashes of the subtrees of height 8*l with indices [256*n, 256*n + width). A tile of
// width 256 is full and never changes; the last one of each level is partial and grows at its end.
// Source: C2SP tlog-tiles.
#pragma once

#include "schemas/tlog/tree.hpp"

#include <string>

namespace vanthu::tlog {

inline constexpr unsigned tile_height = 8;
inline constexpr unsigned tile_width = 256;

struct tile_id {
    unsigned level = 0;
    std::uint64_t index = 0;
    unsigned width = tile_width; // 1..256
    auto operator<=>(const tile_id&) const = default;
};

// "tile/0/x001/x234/067" or "tile/1/000.p/17"
std::string tile_path(const tile_id& tile);
std::optional<tile_id> parse_tile_path(std::string_view path); // only the form that tile_path() writes

// Every tile of a tree of `size` leaves that a tree of `old_size` leaves had not, or had narrower; by level, then
// index.
std::vector<tile_id> new_tiles(std::uint64_t old_size, std::uint64_t size);

// The tile from which the hash of a subtree can be had (its lowest tile; width is what this subtree needs).
tile_id tile_of(node_id node);
// The hash of `node` from the hashes of tile_of(node), at least that wide.
result<digest> node_from_tile(node_id node, bytes_view tile);

// Gives the bytes of a tile, `width` hashes or more.
using tile_reader = std::function<result<bytes>(const tile_id&)>;
// Remembers the tiles it has read: make one for each proof or group.
hash_reader read_tiles(tile_reader read);

} // namespace vanthu::tlog
