#include "daemon/ledger/segments.hpp"

#include "daemon/ledger/record.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace vanthu::ledger {
namespace {
constexpr std::uint64_t preallocation = 8u << 20; // one allocation for many records; keeps fdatasync short
constexpr std::size_t open_at_most = 256;
// So many allocations stay in the system's page cache, for the deliveries that read them soon (256 MB). Older payloads
// would push out everything else, and fresh pages are dear: on a virtual machine they cost three times the writing.
constexpr std::size_t cached_at_most = 32;
} // namespace

std::string segment_name(std::uint32_t number) { return fmt::format("{:08}.segment", number); }

std::filesystem::path segments::path(std::uint32_t segment) const { return directory_ / segment_name(segment); }

// Called with the lock held.
result<> segments::begin_segment() {
    std::uint32_t next = current_ + 1;
    VANTHU_TRY(std::shared_ptr<file> created, files_.open(path(next), open_mode::create_new));
    VANTHU_CHECK(files_.fsync_directory(directory_)); // the name must be there before anything refers into it
    opened_[next] = std::move(created);
    current_ = next;
    end_ = preallocated_ = 0;
    return {};
}

result<segments::place> segments::append(std::string_view record) {
    std::shared_ptr<file> target;
    place at;
    {
        std::lock_guard lock(mutex_);
        if (current_ == 0 || (end_ > 0 && end_ + record.size() > segment_length_)) VANTHU_CHECK(begin_segment());
        target = opened_.at(current_);
        if (end_ + record.size() > preallocated_) {
            std::uint64_t length = std::max(preallocation, on_border(record.size()));
            VANTHU_CHECK(target->preallocate(end_, length));
            preallocated_ = end_ + length;
            cached_.push_back({target, end_, length});
        }
        at = {current_, end_};
        end_ += on_border(record.size());
    }
    VANTHU_CHECK(target->pwrite(at.offset, as_bytes(record)));
    // While its group is still being decided: the sync that everybody in it waits for becomes five to ten times shorter.
    target->begin_writing_out(at.offset, record.size());
    return at;
}

result<std::shared_ptr<file>> segments::open(std::uint32_t segment) {
    std::lock_guard lock(mutex_);
    if (auto found = opened_.find(segment); found != opened_.end()) return found->second;
    if (opened_.size() >= open_at_most)
        std::erase_if(opened_, [&](const auto& e) { return e.first != current_; }); // who reads holds its own reference
    VANTHU_TRY(std::shared_ptr<file> opened, files_.open(path(segment), open_mode::update));
    opened_[segment] = opened;
    return opened;
}

result<> segments::sync(std::uint32_t segment) {
    VANTHU_TRY(auto target, open(segment));
    VANTHU_CHECK(target->fdatasync());
    while (auto old = take_oldest_cached()) old->in->forget_cached(old->offset, old->length);
    return {};
}

std::optional<segments::allocation> segments::take_oldest_cached() {
    std::lock_guard lock(mutex_);
    if (cached_.size() <= cached_at_most) return std::nullopt;
    allocation oldest = std::move(cached_.front());
    cached_.pop_front();
    return oldest;
}

result<> segments::punch(std::uint32_t segment, std::uint64_t offset, std::uint64_t length) {
    VANTHU_TRY(auto target, open(segment));
    return target->punch_hole(offset, on_border(length));
}

result<std::vector<std::uint32_t>> segments::present() {
    VANTHU_TRY(auto names, files_.list(directory_));
    std::vector<std::uint32_t> numbers;
    for (const auto& name : names) {
        std::uint32_t number = 0;
        auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (error == std::errc() && std::string_view(end) == ".segment" && number > 0) numbers.push_back(number);
    }
    std::ranges::sort(numbers);
    return numbers;
}

result<> segments::inspect_gap(const gap& g, const std::function<result<std::uint64_t>(std::string_view)>& inspect) {
    VANTHU_TRY(auto target, open(g.segment));
    bytes head(header_at_most);
    for (std::uint64_t at = g.begin; at < g.end;) {
        VANTHU_TRY(auto data, target->next_data(at));
        at = std::max(at, data / record_border * record_border);
        if (at >= g.end) break;
        VANTHU_TRY(auto got, target->pread(at, head));
        VANTHU_TRY(auto record_length, inspect(as_text(bytes_view(head.data(), got))));
        at += std::max(record_border, on_border(record_length));
    }
    return {};
}

result<> segments::plan_segment(std::uint32_t segment, bool last, std::span<const extent> inside, bool sweep,
                                std::vector<gap>& gaps) {
    VANTHU_TRY(auto target, open(segment));
    VANTHU_TRY(auto length, target->length());
    std::uint64_t end = 0;
    for (const auto& e : inside) {
        if (sweep && e.offset > end) gaps.push_back({segment, end, e.offset, false});
        end = on_border(e.offset + e.length);
        if (e.offset + e.length > length)
            return failed(errc::payload_missing, fmt::format("{}: {} bytes, {} are committed", path(segment).string(),
                                                             length, e.offset + e.length));
    }
    if (length > end && (last || sweep)) gaps.push_back({segment, end, length, last});
    if (last) {
        current_ = segment;
        end_ = preallocated_ = end;
    }
    return {};
}

result<std::uint64_t> segments::recover(const std::vector<extent>& committed, bool sweep,
                                        const std::function<result<std::uint64_t>(std::string_view)>& inspect) {
    VANTHU_TRY(auto numbers, present());
    for (const auto& e : committed)
        if (!std::ranges::binary_search(numbers, e.segment))
            return failed(errc::payload_missing, path(e.segment).string());
    std::vector<gap> gaps;
    std::vector<std::uint32_t> unused;
    for (auto number : numbers) {
        auto inside = std::ranges::equal_range(committed, number, {}, &extent::segment);
        bool last = number == numbers.back();
        if (inside.empty() && !last) {
            VANTHU_TRY(auto target, open(number));
            VANTHU_TRY(auto length, target->length());
            VANTHU_CHECK(inspect_gap({number, 0, length, false}, inspect));
            unused.push_back(number);
        } else {
            VANTHU_CHECK(plan_segment(number, last, {inside.begin(), inside.end()}, sweep, gaps));
        }
    }
    for (const auto& g : gaps) VANTHU_CHECK(inspect_gap(g, inspect));

    // Nothing was changed up to here: a store that is refused is left as it was.
    std::uint64_t reclaimed = 0;
    for (const auto& g : gaps) {
        VANTHU_TRY(auto target, open(g.segment));
        VANTHU_TRY(auto data, target->next_data(g.begin));
        if (g.tail) VANTHU_CHECK(target->truncate(g.begin));
        if (data >= g.end) continue; // a hole already
        if (!g.tail) VANTHU_CHECK(target->punch_hole(g.begin, g.end - g.begin));
        reclaimed += g.end - g.begin;
    }
    // The last segment is appended to from here on: its name must be on disk even if its creator was killed before.
    VANTHU_CHECK(files_.fsync_directory(directory_));
    for (auto number : unused) {
        opened_.erase(number);
        VANTHU_CHECK(files_.unlink(path(number)));
    }
    return reclaimed;
}

} // namespace vanthu::ledger
