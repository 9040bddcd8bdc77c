#include "daemon/ledger/spool.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vanthu::ledger {
namespace {
fail from_errno(int error, std::string_view call, const std::filesystem::path& path) {
    errc code = error == ENOSPC || error == EDQUOT ? errc::no_space : errc::write_failed;
    return failed(code, fmt::format("{} {}: {}", call, path.string(), std::strerror(error)));
}

result<> write_at(int fd, const std::filesystem::path& path, std::uint64_t offset, bytes_view content) {
    for (std::size_t done = 0; done < content.size();) {
        ssize_t n = ::pwrite(fd, content.data() + done, content.size() - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return from_errno(errno, "write", path);
        done += static_cast<std::size_t>(n);
    }
    return {};
}
} // namespace

spool_file::spool_file(std::shared_ptr<std::atomic<std::uint64_t>> used, std::uint64_t quota,
                       std::filesystem::path path, unique_fd fd)
    : used_(std::move(used)), quota_(quota), path_(std::move(path)), fd_(std::move(fd)) {}

spool_file::~spool_file() { unlink(); }

void spool_file::unlink() {
    if (path_.empty()) return;
    ::unlink(path_.c_str());
    path_.clear();
    fd_.reset();
    used_->fetch_sub(std::exchange(size_, 0));
}

result<> spool_file::write(bytes_view content) {
    if (path_.empty()) return failed(errc::closed, "spool file was unlinked");
    if (used_->fetch_add(content.size()) + content.size() > quota_) {
        used_->fetch_sub(content.size());
        return failed(errc::spool_full, fmt::format("quota {} bytes", quota_));
    }
    if (auto written = write_at(fd_.get(), path_, size_, content); !written) {
        used_->fetch_sub(content.size());
        return written;
    }
    size_ += content.size();
    return {};
}

result<std::size_t> spool_file::read(std::uint64_t offset, std::span<std::uint8_t> into) const {
    std::size_t done = 0, wanted = offset < size_ ? std::min<std::uint64_t>(into.size(), size_ - offset) : 0;
    while (done < wanted) {
        ssize_t n = ::pread(fd_.get(), into.data() + done, wanted - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed(errc::read_failed, fmt::format("read {}: {}", path_.string(), std::strerror(errno)));
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return done;
}

result<unique_fd> spool_file::read_only() const {
    if (path_.empty()) return failed(errc::closed, "spool file was unlinked");
    unique_fd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return from_errno(errno, "open", path_);
    // A write refused for lack of space may have left bytes past the end; the reader must not see them.
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) return from_errno(errno, "truncate", path_);
    return fd;
}

result<> spool_file::overwrite_and_unlink() {
    if (path_.empty()) return {};
    static constexpr std::uint8_t zeros[65536] = {};
    result<> outcome;
    struct stat st;
    std::uint64_t end = ::fstat(fd_.get(), &st) == 0 ? static_cast<std::uint64_t>(st.st_size) : size_;
    for (std::uint64_t at = 0; at < end && outcome; at += sizeof zeros)
        outcome = write_at(fd_.get(), path_, at, bytes_view(zeros, std::min<std::uint64_t>(sizeof zeros, end - at)));
    if (outcome && ::fdatasync(fd_.get()) != 0) outcome = from_errno(errno, "sync", path_);
    unlink();
    return outcome;
}

spool::spool(std::filesystem::path directory, std::uint64_t quota)
    : directory_(std::move(directory)), quota_(quota), used_(std::make_shared<std::atomic<std::uint64_t>>(0)) {}

result<std::unique_ptr<spool>> spool::open(const std::filesystem::path& directory, std::uint64_t quota) {
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return from_errno(errno, "mkdir", directory);
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code removed;
        // Only its own kind: a wrongly configured path must not cost anybody a file.
        if (entry->path().extension() == ".spool" && !std::filesystem::remove(entry->path(), removed))
            return failed(errc::write_failed, fmt::format("remove {}: {}", entry->path().string(), removed.message()));
    }
    if (error) return from_errno(error.value(), "list", directory);
    return std::unique_ptr<spool>(new spool(directory, quota));
}

result<std::unique_ptr<spool_file>> spool::create() {
    auto path = directory_ / (to_hex(random_bytes(16)) + ".spool");
    unique_fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return from_errno(errno, "create", path);
    return std::unique_ptr<spool_file>(new spool_file(used_, quota_, std::move(path), std::move(fd)));
}

} // namespace vanthu::ledger
