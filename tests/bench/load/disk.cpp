// The disk by itself: submitters append to one preallocated file and each waits for an fdatasync that began after its
// write. Submitters that wait at the same time share one.
#include "tests/bench/load/sender.hpp"

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <unistd.h>
#include <vector>

namespace vanthu::bench {
namespace {

[[noreturn]] void failed_on(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

class shared_file {
public:
    static constexpr std::uint64_t size = 1ull << 30; // written round and round

    explicit shared_file(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        if (fd_ < 0) failed_on(path);
        if (::lseek(fd_, 0, SEEK_END) == static_cast<off_t>(size)) return;
        const std::vector<char> block(1 << 20, 'x'); // written once, so that the clock sees no allocation
        for (std::uint64_t at = 0; at < size; at += block.size()) put(block.data(), block.size(), at);
        if (::fsync(fd_) != 0) failed_on("fsync");
    }
    ~shared_file() { ::close(fd_); }

    void append(const std::string& text) {
        std::uint64_t at = end_.fetch_add(text.size()) % (size - (8u << 20));
        put(text.data(), text.size(), at);
        std::unique_lock lock(guard_);
        const std::uint64_t mine = ++asked_;
        while (done_ < mine) {
            if (syncing_) {
                synced_.wait(lock);
                continue;
            }
            syncing_ = true; // who finds nobody at it does it for all who have written by now
            const std::uint64_t covers = asked_;
            lock.unlock();
            const bool ok = ::fdatasync(fd_) == 0;
            lock.lock();
            syncing_ = false;
            if (ok) done_ = covers;
            synced_.notify_all();
            if (!ok) failed_on("fdatasync");
        }
    }

private:
    void put(const char* data, std::size_t n, std::uint64_t at) const {
        if (::pwrite(fd_, data, n, static_cast<off_t>(at)) != static_cast<ssize_t>(n)) failed_on("pwrite");
    }
    int fd_;
    std::atomic<std::uint64_t> end_{0};
    std::mutex guard_;
    std::condition_variable synced_;
    std::uint64_t asked_ = 0, done_ = 0;
    bool syncing_ = false;
};

class disk_sender final : public sender {
public:
    explicit disk_sender(std::shared_ptr<shared_file> file) : file_(std::move(file)) {}
    void send(const document& d) override { file_->append(d.packet()); }

private:
    std::shared_ptr<shared_file> file_;
};

} // namespace

std::unique_ptr<sender> connect_disk(const target& t) {
    static std::mutex guard;
    static std::map<std::string, std::weak_ptr<shared_file>> files;
    std::lock_guard lock(guard);
    auto file = files[t.file].lock();
    if (!file) files[t.file] = file = std::make_shared<shared_file>(t.file);
    return std::make_unique<disk_sender>(std::move(file));
}

} // namespace vanthu::bench
