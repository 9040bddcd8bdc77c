// Where a partner's secret stays until an officer has it destroyed (contracts 11): sealed under a key of its own, apart
// from the store, shown to nobody, carried nowhere. Only its identity is readable.
#pragma once

#include "daemon/intake/spooled.hpp"

#include <filesystem>
#include <vector>

namespace vanthu::intake {

struct isolated_secret {
    std::string id; // file name; set by isolate()
    std::int64_t at = 0;
    std::string node, from, code;
    digest packet_sha256;
};

// Writes DIRECTORY/ID.sealed (AES-256-GCM, 0600) and DIRECTORY/ID.json (identity), synced. The key is made once, in
// DIRECTORY/key (0600). After a failure neither file stays.
result<isolated_secret> isolate(const std::filesystem::path& directory, isolated_secret what, const spooled& content);
result<std::vector<isolated_secret>> list_isolated(const std::filesystem::path& directory);
// Overwrites, syncs and unlinks both files: the only thing that may be done with them.
result<> destroy_isolated(const std::filesystem::path& directory, std::string_view id);

} // namespace vanthu::intake
