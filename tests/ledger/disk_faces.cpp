// The two file systems over one disk: the payload store's interface and RocksDB's.
#include "tests/ledger/disk.hpp"

#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

namespace vanthu::ledger::test {
namespace {

std::string plain(const std::filesystem::path& path) {
    std::string text = path.lexically_normal().string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

// As real_file_system() has it: a read that fails is errc::read_failed.
result<> answer_read(refusal r, std::string_view what) {
    if (r == refusal::none) return {};
    return failed(errc::read_failed, std::string(what) + ": input/output error");
}
result<> answer(refusal r, std::string_view what) {
    if (r == refusal::none) return {};
    return failed(r == refusal::no_space ? errc::no_space : errc::write_failed, std::string(what));
}

class payload_file final : public file {
public:
    payload_file(disk& d, disk::node n) : disk_(d), node_(std::move(n)) {}
    result<std::size_t> pread(std::uint64_t offset, std::span<std::uint8_t> into) const override {
        std::size_t got = 0;
        VANTHU_CHECK(
            answer_read(disk_.read(*node_, offset, reinterpret_cast<char*>(into.data()), into.size(), got), "read"));
        return got;
    }
    result<> pwrite(std::uint64_t offset, bytes_view content) override {
        return answer(disk_.write(*node_, offset, as_text(content)), "write");
    }
    result<> fdatasync() override { return answer(disk_.sync(*node_), "sync"); }
    void begin_writing_out(std::uint64_t, std::uint64_t length) override { disk_.begin_writing_out(length); }
    result<> truncate(std::uint64_t length) override { return answer(disk_.truncate(*node_, length), "truncate"); }
    result<> preallocate(std::uint64_t, std::uint64_t) override {
        return answer(disk_.preallocate(*node_), "preallocate");
    }
    void forget_cached(std::uint64_t, std::uint64_t) override {}
    result<> punch_hole(std::uint64_t offset, std::uint64_t length) override {
        return answer(disk_.punch(*node_, offset, length), "punch");
    }
    result<std::uint64_t> length() const override { return disk_.length(*node_); }
    result<std::uint64_t> next_data(std::uint64_t from) const override { return disk_.next_data(*node_, from); }

private:
    disk& disk_;
    disk::node node_;
};

class payload_files_face final : public file_system {
public:
    explicit payload_files_face(disk& d) : disk_(d) {}
    result<std::unique_ptr<file>> open(const std::filesystem::path& path, open_mode mode) override {
        auto found = disk_.find(plain(path));
        if (mode != open_mode::create_new && !found) return failed(errc::payload_missing, path.string());
        if (mode == open_mode::create_new) {
            if (found) return failed(errc::write_failed, "exists: " + path.string());
            VANTHU_CHECK(answer(disk_.create(plain(path), false, found), "create"));
        }
        return std::make_unique<payload_file>(disk_, found);
    }
    result<> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return answer(disk_.rename(plain(from), plain(to)), "rename");
    }
    result<> unlink(const std::filesystem::path& path) override {
        if (!disk_.find(plain(path))) return failed(errc::payload_missing, path.string());
        return answer(disk_.unlink(plain(path)), "unlink");
    }
    result<> create_directory(const std::filesystem::path& path) override {
        if (disk_.find(plain(path))) return {};
        disk::node made;
        return answer(disk_.create(plain(path), true, made), "mkdir");
    }
    result<> remove_tree(const std::filesystem::path& path) override {
        VANTHU_TRY(const auto names, list_any(path));
        for (const auto& name : names) VANTHU_CHECK(remove_tree(path / name));
        if (!disk_.find(plain(path))) return {};
        return answer(disk_.unlink(plain(path)), "remove");
    }
    result<> fsync_directory(const std::filesystem::path& path) override {
        return answer(disk_.sync_directory(plain(path)), "sync directory");
    }
    result<std::vector<std::string>> list(const std::filesystem::path& path) override {
        if (!disk_.find(plain(path))) return failed(errc::payload_missing, path.string());
        return list_any(path);
    }
    bool exists(const std::filesystem::path& path) override { return disk_.find(plain(path)) != nullptr; }
    result<std::uint64_t> free_bytes(const std::filesystem::path&) override { return disk_.free_bytes(); }
    result<std::unique_ptr<lock>> lock_file(const std::filesystem::path& path) override {
        struct held final : lock {
            held(disk& d, std::string p) : on(d), path(std::move(p)) {}
            ~held() override { on.unlock(path); }
            disk& on;
            std::string path;
        };
        if (!disk_.lock(plain(path))) return failed(errc::in_use, path.string());
        return std::make_unique<held>(disk_, plain(path));
    }

private:
    result<std::vector<std::string>> list_any(const std::filesystem::path& path) {
        std::vector<std::string> names;
        VANTHU_CHECK(answer_read(disk_.list(plain(path), names), "list"));
        return names;
    }
    disk& disk_;
};

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus status(refusal r) {
    if (r == refusal::none) return IOStatus::OK();
    if (r == refusal::no_space) return IOStatus::NoSpace("disk full");
    return IOStatus::IOError(r == refusal::power_cut ? "power cut" : "input/output error");
}
IOStatus missing(const std::string& path) { return IOStatus::PathNotFound(path); }

struct readable final : rocksdb::FSRandomAccessFile {
    readable(disk& d, disk::node n) : on(d), node(std::move(n)) {}
    IOStatus Read(std::uint64_t offset, size_t n, const IOOptions&, Slice* out, char* scratch,
                  IODebugContext*) const override {
        std::size_t got = 0;
        const refusal r = on.read(*node, offset, scratch, n, got);
        *out = Slice(scratch, got);
        return status(r);
    }
    disk& on;
    disk::node node;
};
struct sequential final : rocksdb::FSSequentialFile {
    sequential(disk& d, disk::node n) : on(d), node(std::move(n)) {}
    IOStatus Read(size_t n, const IOOptions&, Slice* out, char* scratch, IODebugContext*) override {
        std::size_t got = 0;
        const refusal r = on.read(*node, at, scratch, n, got);
        at += got;
        *out = Slice(scratch, got);
        return status(r);
    }
    IOStatus Skip(std::uint64_t n) override {
        at += n;
        return IOStatus::OK();
    }
    disk& on;
    disk::node node;
    std::uint64_t at = 0;
};
struct writable final : rocksdb::FSWritableFile {
    writable(disk& d, disk::node n) : on(d), node(std::move(n)) {}
    using FSWritableFile::Append;
    IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
        return status(on.write(*node, on.length(*node), {data.data(), data.size()}));
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
        return size == on.length(*node) ? IOStatus::OK() : status(on.truncate(*node, size));
    }
    IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Sync(const IOOptions&, IODebugContext*) override { return status(on.sync(*node)); }
    std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return on.length(*node); }
    bool IsSyncThreadSafe() const override { return true; }
    disk& on;
    disk::node node;
};
struct directory final : rocksdb::FSDirectory {
    directory(disk& d, std::string p) : on(d), path(std::move(p)) {}
    IOStatus Fsync(const IOOptions&, IODebugContext*) override { return status(on.sync_directory(path)); }
    IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    disk& on;
    std::string path;
};

class rows_face final : public rocksdb::FileSystemWrapper {
public:
    explicit rows_face(disk& d) : FileSystemWrapper(rocksdb::FileSystem::Default()), on_(d) {}
    const char* Name() const override { return "disk"; }

    IOStatus NewSequentialFile(const std::string& f, const rocksdb::FileOptions&,
                               std::unique_ptr<rocksdb::FSSequentialFile>* out, IODebugContext*) override {
        return open<sequential>(f, *out);
    }
    IOStatus NewRandomAccessFile(const std::string& f, const rocksdb::FileOptions&,
                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* out, IODebugContext*) override {
        return open<readable>(f, *out);
    }
    IOStatus NewWritableFile(const std::string& f, const rocksdb::FileOptions&,
                             std::unique_ptr<rocksdb::FSWritableFile>* out, IODebugContext*) override {
        disk::node made;
        auto created = status(on_.create(plain(f), false, made));
        if (created.ok()) out->reset(new writable(on_, made));
        return created;
    }
    IOStatus ReopenWritableFile(const std::string& f, const rocksdb::FileOptions&,
                                std::unique_ptr<rocksdb::FSWritableFile>* out, IODebugContext*) override {
        return open<writable>(f, *out);
    }
    IOStatus ReuseWritableFile(const std::string&, const std::string&, const rocksdb::FileOptions&,
                               std::unique_ptr<rocksdb::FSWritableFile>*, IODebugContext*) override {
        return IOStatus::NotSupported("reuse");
    }
    IOStatus NewDirectory(const std::string& f, const IOOptions&, std::unique_ptr<rocksdb::FSDirectory>* out,
                          IODebugContext*) override {
        if (!on_.find(plain(f))) return missing(f);
        out->reset(new directory(on_, plain(f)));
        return IOStatus::OK();
    }
    IOStatus FileExists(const std::string& f, const IOOptions&, IODebugContext*) override {
        return on_.find(plain(f)) ? IOStatus::OK() : IOStatus::NotFound(f);
    }
    IOStatus GetChildren(const std::string& d, const IOOptions&, std::vector<std::string>* out,
                         IODebugContext*) override {
        if (!on_.find(plain(d))) return IOStatus::NotFound(d);
        return status(on_.list(plain(d), *out));
    }
    IOStatus DeleteFile(const std::string& f, const IOOptions&, IODebugContext*) override {
        return on_.find(plain(f)) ? status(on_.unlink(plain(f))) : missing(f);
    }
    IOStatus Truncate(const std::string& f, size_t size, const IOOptions&, IODebugContext*) override {
        auto found = on_.find(plain(f));
        return found ? status(on_.truncate(*found, size)) : missing(f);
    }
    IOStatus CreateDir(const std::string& d, const IOOptions&, IODebugContext*) override {
        disk::node made;
        return on_.find(plain(d)) ? IOStatus::IOError("exists") : status(on_.create(plain(d), true, made));
    }
    IOStatus CreateDirIfMissing(const std::string& d, const IOOptions& o, IODebugContext* c) override {
        return on_.find(plain(d)) ? IOStatus::OK() : CreateDir(d, o, c);
    }
    IOStatus DeleteDir(const std::string& d, const IOOptions& o, IODebugContext* c) override {
        return DeleteFile(d, o, c);
    }
    IOStatus GetFileSize(const std::string& f, const IOOptions&, std::uint64_t* size, IODebugContext*) override {
        auto found = on_.find(plain(f));
        if (!found) return missing(f);
        *size = on_.length(*found);
        return IOStatus::OK();
    }
    IOStatus GetFileModificationTime(const std::string&, const IOOptions&, std::uint64_t* t, IODebugContext*) override {
        *t = 0;
        return IOStatus::OK();
    }
    IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* out, IODebugContext*) override {
        *out = plain(path);
        return IOStatus::OK();
    }
    IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
        return on_.find(plain(from)) ? status(on_.rename(plain(from), plain(to))) : missing(from);
    }
    IOStatus LinkFile(const std::string&, const std::string&, const IOOptions&, IODebugContext*) override {
        return IOStatus::NotSupported("link");
    }
    IOStatus LockFile(const std::string&, const IOOptions&, rocksdb::FileLock** lock, IODebugContext*) override {
        *lock = new rocksdb::FileLock; // the store's own lock is the one that is tested
        return IOStatus::OK();
    }
    IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
        delete lock;
        return IOStatus::OK();
    }
    IOStatus NewLogger(const std::string&, const IOOptions&, std::shared_ptr<rocksdb::Logger>* out,
                       IODebugContext*) override {
        struct silent final : rocksdb::Logger {
            using Logger::Logv;
            void Logv(const char*, va_list) override {}
        };
        *out = std::make_shared<silent>();
        return IOStatus::OK();
    }
    IOStatus GetFreeSpace(const std::string&, const IOOptions&, std::uint64_t* free, IODebugContext*) override {
        *free = on_.free_bytes();
        return IOStatus::OK();
    }
    IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is, IODebugContext*) override {
        *is = on_.find(plain(path)) != nullptr;
        return IOStatus::OK();
    }

private:
    template <class File, class Base> IOStatus open(const std::string& f, std::unique_ptr<Base>& out) {
        auto found = on_.find(plain(f));
        if (!found) return missing(f);
        out = std::make_unique<File>(on_, found);
        return IOStatus::OK();
    }
    disk& on_;
};

} // namespace

std::unique_ptr<file_system> payload_face(disk& d) { return std::make_unique<payload_files_face>(d); }
std::unique_ptr<rocksdb::Env> rocksdb_face(disk& d) {
    // RocksDB sleeps a second after a failed flush; on this disk nothing changes by waiting.
    struct restless final : rocksdb::SystemClockWrapper {
        restless() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
        const char* Name() const override { return "restless"; }
        void SleepForMicroseconds(int) override {}
    };
    struct face final : rocksdb::EnvWrapper {
        explicit face(std::unique_ptr<rocksdb::Env> e)
            : EnvWrapper(e.get()), env(std::move(e)), clock(std::make_shared<restless>()) {
            file_system_ = env->GetFileSystem();
            system_clock_ = clock;
        }
        std::unique_ptr<rocksdb::Env> env;
        std::shared_ptr<rocksdb::SystemClock> clock;
    };
    return std::make_unique<face>(rocksdb::NewCompositeEnv(std::make_shared<rows_face>(d)));
}

} // namespace vanthu::ledger::test
