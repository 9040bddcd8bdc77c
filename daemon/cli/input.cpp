#include "daemon/cli/input.hpp"

#include "daemon/cli/errors.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vanthu::cli {
namespace {

fail unreadable_because(int error, const std::filesystem::path& path) {
    return failed(error == ENOENT ? files::errc::not_found : files::errc::unreadable,
                  fmt::format("{}: {}", path.string(), std::strerror(error)));
}

} // namespace

result<unique_fd> open_input(const std::filesystem::path& path) {
    unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)); // no waiting at a FIFO
    struct stat about{};
    if (!fd && errno == ENXIO) return failed(errc::input_not_a_file, path.string()); // a socket
    if (!fd || ::fstat(fd.get(), &about) != 0) return unreadable_because(errno, path);
    if (S_ISDIR(about.st_mode)) return failed(errc::directory_given, path.string());
    if (!S_ISREG(about.st_mode)) return failed(errc::input_not_a_file, path.string());
    return fd;
}

result<bytes> read_input(const std::filesystem::path& path, std::size_t limit) {
    VANTHU_TRY(unique_fd fd, open_input(path));
    bytes out;
    std::uint8_t piece[65536];
    for (;;) {
        const ssize_t n = ::read(fd.get(), piece, sizeof piece);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return unreadable_because(errno, path);
        if (n == 0) return out;
        if (out.size() + static_cast<std::size_t>(n) > limit)
            return failed(files::errc::too_large, fmt::format("{}: more than {} bytes", path.string(), limit));
        out.insert(out.end(), piece, piece + n);
    }
}

} // namespace vanthu::cli
