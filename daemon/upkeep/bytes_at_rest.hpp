// What stands on the disk beside a store's row database: files and stretches of segments, whoever they belong to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace vanthu::upkeep {

// Of a record in a segment; what stands behind it in its last block is nobody's. Source: docs/store-format.md.
inline constexpr std::uint64_t record_border = 4096;

struct stretch {
    std::uint32_t segment;
    std::uint64_t begin, end;
};
struct bytes_at_rest {
    std::set<std::string> files;  // names
    std::vector<stretch> data;    // of segments, in whole blocks, without holes and what was only preallocated
    std::uint64_t unfinished = 0; // files that were being written
};

bytes_at_rest look(const std::filesystem::path& store);

} // namespace vanthu::upkeep
