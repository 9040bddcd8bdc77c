#include "daemon/base/files.hpp"

#include "daemon/base/error_table.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vanthu {
namespace files {
namespace {
constexpr error_row rows[] = {
    {int(errc::not_found), "not_found", 500, retry::no, "Không tìm thấy tệp.", "The file does not exist.",
     "Kiểm tra đường dẫn của tệp.", "Check the path of the file."},
    {int(errc::unreadable), "unreadable", 500, retry::no, "Không đọc được tệp.", "The file cannot be read.",
     "Kiểm tra quyền đọc của tệp.", "Check the permissions of the file."},
    {int(errc::too_large), "too_large", 413, retry::no, "Tệp vượt quá kích thước cho phép.", "The file is larger than allowed.",
     "Dùng tệp nhỏ hơn hoặc tăng giới hạn trong cấu hình.", "Use a smaller file or raise the limit in the configuration."},
    {int(errc::write_failed), "write_failed", 500, retry::no, "Không ghi được tệp.", "The file cannot be written.",
     "Kiểm tra quyền ghi và tình trạng ổ đĩa.", "Check write permissions and the state of the disk."},
    {int(errc::no_space), "no_space", 507, retry::yes, "Ổ đĩa đã đầy.", "The disk is full.",
     "Giải phóng dung lượng rồi thử lại.", "Free some space, then try again."},
};
const error_table table("files", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace files

namespace {
fail from_errno(int error, const std::filesystem::path& path, files::errc otherwise) {
    files::errc code = error == ENOENT ? files::errc::not_found : error == ENOSPC || error == EDQUOT ? files::errc::no_space : otherwise;
    return failed(code, fmt::format("{}: {}", path.string(), std::strerror(error)));
}
} // namespace

void unique_fd::reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

result<bytes> read_file(const std::filesystem::path& path, std::size_t limit) {
    unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return from_errno(errno, path, files::errc::unreadable);
    bytes out;
    std::uint8_t chunk[65536];
    for (;;) {
        ssize_t n = ::read(fd.get(), chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return from_errno(errno, path, files::errc::unreadable);
        if (n == 0) return out;
        if (out.size() + static_cast<std::size_t>(n) > limit)
            return failed(files::errc::too_large, fmt::format("{}: more than {} bytes", path.string(), limit));
        out.insert(out.end(), chunk, chunk + n);
    }
}

result<std::string> read_text_file(const std::filesystem::path& path, std::size_t limit) {
    VANTHU_TRY(bytes raw, read_file(path, limit));
    return std::string(as_text(raw));
}

result<> write_file_atomically(const std::filesystem::path& path, bytes_view content, unsigned mode) {
    std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : ".";
    std::string temporary = (directory / fmt::format(".{}.{}", path.filename().string(), to_hex(random_bytes(6)))).string();
    unique_fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!fd) return from_errno(errno, path, files::errc::write_failed);
    auto abandon = [&](int error) {
        ::unlink(temporary.c_str());
        return from_errno(error, path, files::errc::write_failed);
    };
    for (std::size_t done = 0; done < content.size();) {
        ssize_t n = ::write(fd.get(), content.data() + done, content.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return abandon(errno);
        done += static_cast<std::size_t>(n);
    }
    if (::fsync(fd.get()) != 0) return abandon(errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0) return abandon(errno);
    unique_fd dir(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!dir || ::fsync(dir.get()) != 0) return from_errno(errno, directory, files::errc::write_failed);
    return {};
}

} // namespace vanthu
