#include "schemas/tlog/tiles.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <map>

namespace vanthu::tlog {
namespace {

// Decimal without leading zeroes.
template <class Integer> std::optional<Integer> plain_number(std::string_view text) {
    Integer value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

} // namespace

std::string tile_path(const tile_id& tile) {
    std::string index = fmt::format("{:03}", tile.index % 1000);
    for (std::uint64_t rest = tile.index / 1000; rest > 0; rest /= 1000)
        index = fmt::format("x{:03}/{}", rest % 1000, index);
    std::string path = fmt::format("tile/{}/{}", tile.level, index);
    if (tile.width != tile_width) path += fmt::format(".p/{}", tile.width);
    return path;
}

std::optional<tile_id> parse_tile_path(std::string_view path) {
    std::string_view rest = path;
    if (!rest.starts_with("tile/") || path.size() > 64) return std::nullopt;
    rest.remove_prefix(5);
    tile_id tile;
    if (std::size_t suffix = rest.find(".p/"); suffix != rest.npos) {
        auto width = plain_number<unsigned>(rest.substr(suffix + 3));
        if (!width || *width == 0 || *width >= tile_width) return std::nullopt;
        tile.width = *width;
        rest = rest.substr(0, suffix);
    }
    std::size_t slash = rest.find('/');
    if (slash == rest.npos) return std::nullopt;
    auto level = plain_number<unsigned>(rest.substr(0, slash));
    if (!level || *level > 63) return std::nullopt;
    tile.level = *level;
    std::string digits;
    std::ranges::copy_if(rest.substr(slash + 1), std::back_inserter(digits),
                         [](char c) { return c >= '0' && c <= '9'; });
    auto index = plain_number<std::uint64_t>(digits);
    if (!index) return std::nullopt;
    tile.index = *index;
    // Only one spelling names a tile.
    if (tile_path(tile) != path) return std::nullopt;
    return tile;
}

std::vector<tile_id> new_tiles(std::uint64_t old_size, std::uint64_t size) {
    std::vector<tile_id> out;
    for (unsigned level = 0; level * tile_height < 64 && size >> (level * tile_height) > 0; ++level) {
        std::uint64_t before = old_size >> (level * tile_height), now = size >> (level * tile_height);
        if (before == now) continue;
        for (std::uint64_t index = before / tile_width; index * tile_width < now; ++index)
            out.push_back(
                {level, index, static_cast<unsigned>(std::min<std::uint64_t>(tile_width, now - index * tile_width))});
    }
    return out;
}

tile_id tile_of(node_id node) {
    unsigned level = node.level / tile_height, height = node.level % tile_height;
    std::uint64_t first = node.index << height;
    return {level, first / tile_width, static_cast<unsigned>(first % tile_width + (1u << height))};
}

result<digest> node_from_tile(node_id node, bytes_view tile) {
    unsigned height = node.level % tile_height;
    std::size_t first = static_cast<std::size_t>((node.index << height) % tile_width), count = std::size_t{1} << height;
    if (tile.size() % 32 != 0 || tile.size() / 32 < first + count)
        return failed(errc::missing_hash,
                      fmt::format("a tile of {} bytes for hashes {}..{}", tile.size(), first, first + count));
    std::vector<digest> row(count);
    for (std::size_t i = 0; i < count; ++i) std::ranges::copy(tile.subspan((first + i) * 32, 32), row[i].value.begin());
    for (; row.size() > 1; row.resize(row.size() / 2))
        for (std::size_t i = 0; i < row.size() / 2; ++i) row[i] = node_hash(row[2 * i], row[2 * i + 1]);
    return row.front();
}

hash_reader read_tiles(tile_reader read) {
    using known_tiles = std::map<std::pair<unsigned, std::uint64_t>, bytes>;
    return [read = std::move(read), known = std::make_shared<known_tiles>()](node_id node) -> result<digest> {
        tile_id tile = tile_of(node);
        bytes& hashes = (*known)[{tile.level, tile.index}];
        if (hashes.size() < std::size_t{32} * tile.width) {
            VANTHU_TRY(hashes, read(tile));
        }
        return node_from_tile(node, hashes);
    };
}

} // namespace vanthu::tlog
