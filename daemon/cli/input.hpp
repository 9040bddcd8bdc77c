// The documents that a person names to be signed, raised or judged. What is no regular file (a FIFO, which would be
// waited for, a device, which may never end) is never read.
#pragma once

#include "daemon/base/files.hpp"

namespace vanthu::cli {

// Open for reading, at its beginning. files::errc::not_found, unreadable; errc::directory_given, input_not_a_file.
result<unique_fd> open_input(const std::filesystem::path& path);

// The whole content. Failures: open_input()'s; files::errc::too_large above `limit` bytes.
result<bytes> read_input(const std::filesystem::path& path, std::size_t limit);

} // namespace vanthu::cli
