// Copies of files from directory to directory, synced, holes kept. For backup and restore.
#pragma once

#include "daemon/ledger/file_system.hpp"

#include <functional>
#include <optional>

namespace vanthu::ledger {

// Asked before each piece of at most 1 MiB is written; its failure ends the copy.
using before_piece = std::function<result<>(std::uint64_t length)>;

// What a failure of the copy means depends on the side it happened on: `reading` keeps it as it came, what was written
// is passed through `writing`.
struct copy_ends {
    const file& from;
    file& to;
    std::function<fail(failure)> writing;
};
// `length` bytes from `from_offset`, to `to_offset`; errc::payload_missing when the source ends before. Blocks of zeros
// are left out. Not synced.
result<> copy_bytes(const copy_ends&, std::uint64_t from_offset, std::uint64_t to_offset, std::uint64_t length,
                    const before_piece&);
// A whole file (or its first `length` bytes) under a new name; content synced, the name not.
result<> copy_file(file_system&, const std::filesystem::path& from, const std::filesystem::path& to,
                   std::optional<std::uint64_t> length, const std::function<fail(failure)>& writing,
                   const before_piece&);
result<> write_file(file_system&, const std::filesystem::path& to, std::string_view content); // synced, the name not
// Everything in a directory but these names.
result<> clear_directory(file_system&, const std::filesystem::path&, std::span<const std::string_view> keep);

} // namespace vanthu::ledger
