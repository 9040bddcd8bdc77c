// Small whole files: configuration, keys, certificates. Bulk data has its own ways (daemon/ledger).
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/failure.hpp"

#include <filesystem>

namespace vanthu {

namespace files {
enum class errc { not_found = 1, unreadable, too_large, write_failed, no_space };
std::error_code make_error_code(errc);
} // namespace files

// At most `limit` bytes; a larger file is files::errc::too_large.
result<bytes> read_file(const std::filesystem::path& path, std::size_t limit = 64u << 20);
result<std::string> read_text_file(const std::filesystem::path& path, std::size_t limit = 16u << 20);
// Temporary file beside it, fsync, rename, fsync of the directory: after a failure the old file stands untouched.
result<> write_file_atomically(const std::filesystem::path& path, bytes_view content, unsigned mode = 0644);

// An open file descriptor that closes itself.
class unique_fd {
public:
    unique_fd() = default;
    explicit unique_fd(int fd) : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }
    ~unique_fd() { reset(); }
    void reset(int fd = -1);
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

} // namespace vanthu

template <>
struct std::is_error_code_enum<vanthu::files::errc> : std::true_type {};
