#include "daemon/ledger/file_system.hpp"

#include "daemon/base/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace vanthu::ledger {
namespace {

fail from_errno(int error, std::string_view call, const std::filesystem::path& path, errc otherwise) {
    errc code = error == ENOSPC || error == EDQUOT ? errc::no_space
                : error == ENOENT                  ? errc::payload_missing
                                                   : otherwise;
    return failed(code, fmt::format("{} {}: {}", call, path.string(), std::strerror(error)));
}
fail not_synced(int error, const std::filesystem::path& path) {
    return failed(errc::write_failed, fmt::format("sync {}: {}", path.string(), std::strerror(error)));
}
bool unsupported(int error) { return error == EOPNOTSUPP || error == ENOSYS; }

class real_file final : public file {
public:
    real_file(unique_fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

    result<std::size_t> pread(std::uint64_t offset, std::span<std::uint8_t> into) const override {
        std::size_t done = 0;
        while (done < into.size()) {
            ssize_t n = ::pread(fd_.get(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return from_errno(errno, "read", path_, errc::read_failed);
            if (n == 0) break;
            done += static_cast<std::size_t>(n);
        }
        return done;
    }
    result<> pwrite(std::uint64_t offset, bytes_view content) override {
        for (std::size_t done = 0; done < content.size();) {
            ssize_t n =
                ::pwrite(fd_.get(), content.data() + done, content.size() - done, static_cast<off_t>(offset + done));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return from_errno(errno, "write", path_, errc::write_failed);
            done += static_cast<std::size_t>(n);
        }
        return {};
    }
    result<> fdatasync() override {
        if (::fdatasync(fd_.get()) != 0) return not_synced(errno, path_);
        return {};
    }
    void begin_writing_out(std::uint64_t offset, std::uint64_t length) override {
        (void)::sync_file_range(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(length),
                                SYNC_FILE_RANGE_WRITE);
    }
    result<> truncate(std::uint64_t length) override {
        if (::ftruncate(fd_.get(), static_cast<off_t>(length)) != 0)
            return from_errno(errno, "truncate", path_, errc::write_failed);
        return {};
    }
    result<> preallocate(std::uint64_t offset, std::uint64_t length) override {
        return allocate("preallocate", FALLOC_FL_KEEP_SIZE, offset, length);
    }
    void forget_cached(std::uint64_t offset, std::uint64_t length) override {
        (void)::posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(length), POSIX_FADV_DONTNEED);
    }
    result<> punch_hole(std::uint64_t offset, std::uint64_t length) override {
        return allocate("punch", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
    }
    result<std::uint64_t> length() const override {
        struct stat st;
        if (::fstat(fd_.get(), &st) != 0) return from_errno(errno, "stat", path_, errc::read_failed);
        return static_cast<std::uint64_t>(st.st_size);
    }
    result<std::uint64_t> next_data(std::uint64_t from) const override {
        off_t at = ::lseek(fd_.get(), static_cast<off_t>(from), SEEK_DATA);
        if (at >= 0) return static_cast<std::uint64_t>(at);
        if (errno == ENXIO) return length();
        return from; // a file system without SEEK_DATA: everything may be data
    }

private:
    // A file system that cannot do it keeps the space: no failure.
    result<> allocate(std::string_view call, int mode, std::uint64_t offset, std::uint64_t length) {
        if (::fallocate(fd_.get(), mode, static_cast<off_t>(offset), static_cast<off_t>(length)) != 0 &&
            !unsupported(errno))
            return from_errno(errno, call, path_, errc::write_failed);
        return {};
    }
    unique_fd fd_;
    std::filesystem::path path_;
};

class real_lock final : public file_system::lock {
public:
    explicit real_lock(unique_fd fd) : fd_(std::move(fd)) {}

private:
    unique_fd fd_;
};

class operating_system final : public file_system {
public:
    result<std::unique_ptr<file>> open(const std::filesystem::path& path, open_mode mode) override {
        int flags = O_CLOEXEC | (mode == open_mode::read ? O_RDONLY : O_RDWR) |
                    (mode == open_mode::create_new ? O_CREAT | O_EXCL : 0);
        unique_fd fd(::open(path.c_str(), flags, 0600));
        if (!fd) return from_errno(errno, "open", path, mode == open_mode::read ? errc::read_failed : errc::write_failed);
        return std::make_unique<real_file>(std::move(fd), path);
    }
    result<> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0) return from_errno(errno, "rename", from, errc::write_failed);
        return {};
    }
    result<> unlink(const std::filesystem::path& path) override {
        if (::unlink(path.c_str()) != 0) return from_errno(errno, "unlink", path, errc::write_failed);
        return {};
    }
    result<> create_directory(const std::filesystem::path& path) override {
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
            return from_errno(errno, "mkdir", path, errc::write_failed);
        return {};
    }
    result<> remove_tree(const std::filesystem::path& path) override {
        std::error_code error;
        std::filesystem::remove_all(path, error);
        if (error) return from_errno(error.value(), "remove", path, errc::write_failed);
        return {};
    }
    result<> fsync_directory(const std::filesystem::path& path) override {
        unique_fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!fd || ::fsync(fd.get()) != 0) return not_synced(errno, path);
        return {};
    }
    result<std::vector<std::string>> list(const std::filesystem::path& path) override {
        std::error_code error;
        std::vector<std::string> names;
        std::filesystem::directory_iterator entry(path, error), end;
        for (; !error && entry != end; entry.increment(error)) names.push_back(entry->path().filename().string());
        if (error) return from_errno(error.value(), "list", path, errc::read_failed);
        std::ranges::sort(names);
        return names;
    }
    bool exists(const std::filesystem::path& path) override {
        return ::access(path.c_str(), F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
    }
    result<std::uint64_t> free_bytes(const std::filesystem::path& path) override {
        struct statvfs st;
        if (::statvfs(path.c_str(), &st) != 0) return from_errno(errno, "statvfs", path, errc::read_failed);
        return static_cast<std::uint64_t>(st.f_bavail) * st.f_frsize;
    }
    result<std::unique_ptr<lock>> lock_file(const std::filesystem::path& path) override {
        unique_fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (!fd) return from_errno(errno, "open", path, errc::write_failed);
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return failed(errc::in_use, path.string());
        return std::make_unique<real_lock>(std::move(fd));
    }
};

} // namespace

file_system& real_file_system() {
    static operating_system system;
    return system;
}

} // namespace vanthu::ledger
