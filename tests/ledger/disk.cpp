#include "tests/ledger/disk.hpp"

#include <algorithm>

namespace vanthu::ledger::test {
namespace {
constexpr std::size_t sector = 512;

struct unsynced {
    enum { bytes, cut, hole } kind;
    std::uint64_t offset;
    std::string content;
    std::uint64_t length;
};

void put_on(std::string& to, const unsynced& u) {
    if (u.kind == unsynced::cut) {
        to.resize(u.offset);
    } else if (u.kind == unsynced::hole) {
        if (u.offset < to.size())
            std::fill_n(to.begin() + std::ptrdiff_t(u.offset), std::min<std::uint64_t>(u.length, to.size() - u.offset),
                        '\0');
    } else {
        if (to.size() < u.offset + u.content.size()) to.resize(u.offset + u.content.size());
        std::copy(u.content.begin(), u.content.end(), to.begin() + std::ptrdiff_t(u.offset));
    }
}
std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }
} // namespace

struct disk::inode {
    bool directory = false;
    std::string now, durable;
    std::vector<unsynced> waiting;
};

disk::disk() { now_["/disk"] = durable_["/disk"] = std::make_shared<inode>(inode{true, {}, {}, {}}); }

disk::disk(const disk& other) {
    std::lock_guard lock(other.mutex_);
    for (const auto& [path, n] : other.now_)
        now_[path] = std::make_shared<inode>(inode{n->directory, n->now, n->now, {}});
    durable_ = now_;
}

void disk::refuse_at(std::uint64_t operation, refusal r, std::uint64_t lasting) {
    std::lock_guard lock(mutex_);
    operations_ = 0;
    refuse_at_ = operation;
    lasting_ = lasting;
    refusal_ = r;
    struck_ = dead_ = false;
}
std::uint64_t disk::operations() const {
    std::lock_guard lock(mutex_);
    return operations_;
}
void disk::refuse_read_at(std::uint64_t read, std::uint64_t lasting) {
    std::lock_guard lock(mutex_);
    reads_ = 0;
    refuse_read_at_ = read;
    lasting_reads_ = lasting;
    struck_ = false;
}
std::uint64_t disk::reads() const {
    std::lock_guard lock(mutex_);
    return reads_;
}
bool disk::refused() const {
    std::lock_guard lock(mutex_);
    return struck_;
}
void disk::set_free_bytes(std::uint64_t n) {
    std::lock_guard lock(mutex_);
    free_bytes_ = n;
}
std::uint64_t disk::free_bytes() const {
    std::lock_guard lock(mutex_);
    return free_bytes_;
}
void disk::begin_writing_out(std::uint64_t length) {
    std::lock_guard lock(mutex_);
    going_out_ += length;
}
std::uint64_t disk::going_out() const {
    std::lock_guard lock(mutex_);
    return going_out_;
}

// Called with the lock held, before the operation.
refusal disk::count(bool takes_space) {
    ++operations_;
    if (dead_) return refusal::power_cut;
    if (refusal_ == refusal::none || operations_ < refuse_at_ || operations_ - refuse_at_ >= lasting_)
        return refusal::none;
    if (refusal_ == refusal::no_space && !takes_space) return refusal::none;
    struck_ = true;
    dead_ = refusal_ == refusal::power_cut;
    return refusal_;
}

refusal disk::count_read() {
    ++reads_;
    if (refuse_read_at_ == 0 || reads_ < refuse_read_at_ || reads_ - refuse_read_at_ >= lasting_reads_)
        return refusal::none;
    struck_ = true;
    return refusal::io_error;
}

void disk::change_names(name_change change) {
    for (const auto& [name, n] : change.names) {
        if (n)
            now_[name] = n;
        else
            now_.erase(name);
    }
    unsynced_names_.push_back(std::move(change));
}

void disk::power_on(remains left, std::uint64_t seed) {
    std::lock_guard lock(mutex_);
    std::mt19937_64 dice(seed);
    auto coin = [&] { return dice() % 2 == 0; };
    auto keep = [&](const auto& entry) {
        if (entry.second)
            durable_[entry.first] = entry.second;
        else
            durable_.erase(entry.first);
    };
    if (left == remains::in_order) { // names go through the journal of a file system
        const std::size_t kept = dice() % (unsynced_names_.size() + 1);
        for (std::size_t i = 0; i < kept; ++i)
            for (const auto& entry : unsynced_names_[i].names) keep(entry);
    } else if (left == remains::at_random) {
        // Each directory is a file of its own: of its changes a prefix stays, whatever becomes of the others. A rename
        // from one to another is a change of both, and may be seen in either, in both, or in none; within one it is
        // one change.
        std::map<std::string, std::size_t> changes, kept, done;
        auto touched = [](const name_change& change) {
            std::set<std::string> directories;
            for (const auto& entry : change.names) directories.insert(parent(entry.first));
            return directories;
        };
        for (const name_change& change : unsynced_names_)
            for (const std::string& directory : touched(change)) ++changes[directory];
        for (const auto& [directory, n] : changes) kept[directory] = dice() % (n + 1);
        for (const name_change& change : unsynced_names_)
            for (const std::string& directory : touched(change))
                if (done[directory]++ < kept[directory])
                    for (const auto& entry : change.names)
                        if (parent(entry.first) == directory) keep(entry);
    }
    unsynced_names_.clear();
    std::erase_if(durable_, [&](const auto& e) { return e.first != "/disk" && !durable_.contains(parent(e.first)); });
    now_ = durable_;
    for (auto& [path, n] : now_) {
        std::size_t kept = left == remains::nothing ? 0 : dice() % (n->waiting.size() + 1);
        for (std::size_t i = 0; i < n->waiting.size(); ++i) {
            unsynced piece = n->waiting[i];
            if (left == remains::in_order && i == kept && piece.kind == unsynced::bytes && !piece.content.empty()) {
                piece.content.resize(dice() % piece.content.size());
                put_on(n->durable, piece);
            } else if (left == remains::in_order && i < kept) {
                put_on(n->durable, piece);
            } else if (left == remains::at_random && piece.kind != unsynced::bytes) {
                if (coin()) put_on(n->durable, piece);
            } else if (left == remains::at_random) {
                for (std::size_t at = 0; at < piece.content.size(); at += sector)
                    if (coin())
                        put_on(n->durable, {unsynced::bytes, piece.offset + at, piece.content.substr(at, sector), 0});
            }
        }
        n->waiting.clear();
        n->now = n->durable;
    }
    locks_.clear();
    dead_ = struck_ = false;
    refusal_ = refusal::none;
    operations_ = 0;
}

std::vector<std::string> disk::files_below(const std::string& directory) const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const auto& [path, n] : now_)
        if (path.starts_with(directory + "/") && !n->directory) found.push_back(path);
    return found;
}
std::string disk::content(const std::string& path) const {
    std::lock_guard lock(mutex_);
    return now_.at(path)->now;
}
void disk::overwrite(const std::string& path, std::uint64_t at, char byte) {
    std::lock_guard lock(mutex_);
    now_.at(path)->now.at(at) = now_.at(path)->durable.at(at) = byte;
}
void disk::cut_off(const std::string& path, std::uint64_t length) {
    std::lock_guard lock(mutex_);
    now_.at(path)->now.resize(length);
    now_.at(path)->durable.resize(length);
}
void disk::remove(const std::string& path) {
    std::lock_guard lock(mutex_);
    now_.erase(path);
    durable_.erase(path);
}

refusal disk::create(const std::string& path, bool directory, node& out) {
    std::lock_guard lock(mutex_);
    if (auto r = count(true); r != refusal::none) return r;
    out = std::make_shared<inode>(inode{directory, {}, {}, {}});
    change_names({parent(path), {{path, out}}});
    return refusal::none;
}
disk::node disk::find(const std::string& path) const {
    std::lock_guard lock(mutex_);
    auto found = now_.find(path);
    return found == now_.end() ? nullptr : found->second;
}
refusal disk::list(const std::string& directory, std::vector<std::string>& names) {
    std::lock_guard lock(mutex_);
    if (auto r = count_read(); r != refusal::none) return r;
    names.clear();
    for (const auto& [path, n] : now_)
        if (path != directory && parent(path) == directory) names.push_back(path.substr(directory.size() + 1));
    return refusal::none;
}

refusal disk::write(inode& n, std::uint64_t offset, std::string_view content) {
    std::lock_guard lock(mutex_);
    auto r = count(true);
    if (r == refusal::power_cut && operations_ != refuse_at_) return r; // the power was off already
    // The write at which the power goes may have reached the disk in part; a refused one has done half its work.
    if (r == refusal::no_space || r == refusal::io_error) content = content.substr(0, content.size() / 2);
    n.waiting.push_back({unsynced::bytes, offset, std::string(content), 0});
    put_on(n.now, n.waiting.back());
    return r;
}
refusal disk::preallocate(inode&) {
    std::lock_guard lock(mutex_);
    return count(true); // the length stays: nothing to remember
}
refusal disk::truncate(inode& n, std::uint64_t length) {
    std::lock_guard lock(mutex_);
    if (auto r = count(false); r != refusal::none) return r;
    n.waiting.push_back({unsynced::cut, length, {}, 0});
    put_on(n.now, n.waiting.back());
    return refusal::none;
}
refusal disk::punch(inode& n, std::uint64_t offset, std::uint64_t length) {
    std::lock_guard lock(mutex_);
    if (auto r = count(false); r != refusal::none) return r;
    n.waiting.push_back({unsynced::hole, offset, {}, length});
    put_on(n.now, n.waiting.back());
    return refusal::none;
}
void disk::before_sync(std::function<void()> f) {
    std::lock_guard lock(mutex_);
    before_sync_ = std::move(f);
}

refusal disk::sync(inode& n) {
    std::function<void()> before;
    {
        std::lock_guard lock(mutex_);
        before = before_sync_;
    }
    if (before) before();
    std::lock_guard lock(mutex_);
    if (auto r = count(false); r != refusal::none) return r;
    for (const auto& u : n.waiting) put_on(n.durable, u);
    n.waiting.clear();
    return refusal::none;
}
refusal disk::sync_directory(const std::string& path) {
    std::lock_guard lock(mutex_);
    if (auto r = count(false); r != refusal::none) return r;
    for (const auto& change : unsynced_names_) {
        if (change.directory != path) continue;
        for (const auto& [name, n] : change.names) {
            if (n)
                durable_[name] = n;
            else
                durable_.erase(name);
        }
    }
    std::erase_if(unsynced_names_, [&](const auto& change) { return change.directory == path; });
    return refusal::none;
}
refusal disk::rename(const std::string& from, const std::string& to) {
    std::lock_guard lock(mutex_);
    if (auto r = count(true); r != refusal::none) return r;
    change_names({parent(to), {{from, nullptr}, {to, now_.at(from)}}});
    return refusal::none;
}
refusal disk::unlink(const std::string& path) {
    std::lock_guard lock(mutex_);
    if (auto r = count(false); r != refusal::none) return r;
    change_names({parent(path), {{path, nullptr}}});
    return refusal::none;
}
refusal disk::read(const inode& n, std::uint64_t offset, char* into, std::size_t length, std::size_t& got) {
    std::lock_guard lock(mutex_);
    got = 0;
    if (auto r = count_read(); r != refusal::none) return r;
    if (offset < n.now.size()) got = n.now.copy(into, length, offset);
    return refusal::none;
}
std::uint64_t disk::next_data(const inode& n, std::uint64_t from) const {
    std::lock_guard lock(mutex_);
    constexpr std::size_t block = 4096;
    for (; from < n.now.size(); from += block)
        if (std::string_view(n.now).substr(from, block).find_first_not_of('\0') != std::string_view::npos) return from;
    return n.now.size();
}
std::uint64_t disk::length(const inode& n) const {
    std::lock_guard lock(mutex_);
    return n.now.size();
}
bool disk::lock(const std::string& path) {
    std::lock_guard guard(mutex_);
    return locks_.insert(path).second;
}
void disk::unlock(const std::string& path) {
    std::lock_guard guard(mutex_);
    locks_.erase(path);
}

} // namespace vanthu::ledger::test
