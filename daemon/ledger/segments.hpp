// The segment files of the payload store: append-only, shared by every owner, records on 4 KiB borders so that a
// released record's blocks go back to the file system whole.
#pragma once

#include "daemon/ledger/file_system.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

namespace vanthu::ledger {

inline constexpr std::uint64_t record_border = 4096;
inline std::uint64_t on_border(std::uint64_t n) { return (n + record_border - 1) / record_border * record_border; }

std::string segment_name(std::uint32_t number); // of its file

// Any thread, except recover().
class segments {
public:
    segments(file_system& files, std::filesystem::path directory, std::uint64_t segment_length)
        : files_(files), directory_(std::move(directory)), segment_length_(segment_length) {}

    struct place {
        std::uint32_t segment = 0;
        std::uint64_t offset = 0;
    };
    // Reserves room under a lock and writes outside of it, so that writers do not wait for one another's bytes. Not
    // synced.
    result<place> append(std::string_view record);
    result<> sync(std::uint32_t segment);
    result<std::shared_ptr<file>> open(std::uint32_t segment);
    result<> punch(std::uint32_t segment, std::uint64_t offset, std::uint64_t length);

    struct extent {
        std::uint32_t segment = 0;
        std::uint64_t offset = 0, length = 0;
    };
    // Brings the files in line with the committed extents (ascending). Segments nothing refers to are removed, the tail
    // of the last one is cut off and appended to from there; with `sweep` the gaps between extents are punched too.
    // Every record found outside of the extents is shown to `inspect` (its leading bytes) before anything is removed.
    // Answers the bytes reclaimed. Failures: payload_missing when a file is shorter than its extents; inspect's.
    result<std::uint64_t> recover(const std::vector<extent>& committed, bool sweep,
                                  const std::function<result<std::uint64_t>(std::string_view)>& inspect);

private:
    struct gap {
        std::uint32_t segment = 0;
        std::uint64_t begin = 0, end = 0;
        bool tail = false; // of the last segment: cut off instead of punched
    };
    struct allocation {
        std::shared_ptr<file> in;
        std::uint64_t offset = 0, length = 0;
    };
    std::filesystem::path path(std::uint32_t segment) const;
    std::optional<allocation> take_oldest_cached(); // when there are more than may stay
    result<> begin_segment();
    result<std::vector<std::uint32_t>> present();
    result<> inspect_gap(const gap&, const std::function<result<std::uint64_t>(std::string_view)>& inspect);
    result<> plan_segment(std::uint32_t segment, bool last, std::span<const extent> inside, bool sweep,
                          std::vector<gap>& gaps);

    file_system& files_;
    const std::filesystem::path directory_;
    const std::uint64_t segment_length_;
    std::mutex mutex_; // guards all below
    std::map<std::uint32_t, std::shared_ptr<file>> opened_;
    std::uint32_t current_ = 0; // 0: none yet
    std::uint64_t end_ = 0, preallocated_ = 0;
    std::deque<allocation> cached_;
};

} // namespace vanthu::ledger
