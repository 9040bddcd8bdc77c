#include "daemon/cli/output.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/cli/errors.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vanthu::cli {
namespace {

const char* kind_of(mode_t mode) {
    if (S_ISLNK(mode)) return "symlink";
    if (S_ISDIR(mode)) return "directory";
    if (S_ISFIFO(mode)) return "FIFO";
    if (S_ISSOCK(mode)) return "socket";
    return "device";
}

} // namespace

result<> can_be_output(const std::filesystem::path& path, existing_file there) {
    if (path == "-") return failed(errc::output_not_a_file, "-");
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0) return {}; // what stops the writing is told by whoever writes
    if (!S_ISREG(found.st_mode))
        return failed(errc::output_not_a_file, fmt::format("{}: {}", path.string(), kind_of(found.st_mode)));
    if (there == existing_file::kept) return failed(errc::output_exists, path.string());
    return {};
}

std::string why_not_writable(const std::filesystem::path& path) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return path.string() + ": " + std::strerror(EISDIR);
    std::string name = (folder / ".vanthu-XXXXXX").string();
    const int fd = ::mkostemp(name.data(), O_CLOEXEC);
    if (fd < 0) return folder.string() + ": " + std::strerror(errno);
    ::close(fd);
    ::unlink(name.c_str());
    return "";
}

result<> write_output(const std::filesystem::path& path, bytes_view content, unsigned mode) {
    VANTHU_CHECK(can_be_output(path, existing_file::replaced));
    return write_file_atomically(path, content, mode);
}

int exit_code_with_output(int code) {
    errno = 0;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    const int why = errno; // 0: it failed earlier, and the reason is gone
    const std::error_code lost = errc::output_failed;
    const error_row& row = *describe(lost);
    fmt::print(stderr, "{}: {}\n  ({}{}{})\n  → {} / {}\n", public_code(lost), row.message_vi, row.message_en,
               why ? " " : "", why ? std::strerror(why) : "", row.action_vi, row.action_en);
    return not_written;
}

void keep_standard_streams() {
    // Read-only: a write to it fails, so that nothing is reported as printed.
    int fd = ::open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDONLY);
    if (fd >= 0) ::close(fd);
}

} // namespace vanthu::cli
