#include "daemon/upkeep/bytes_at_rest.hpp"

#include "daemon/base/files.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace vanthu::upkeep {
namespace fs = std::filesystem;

bytes_at_rest look(const fs::path& store) {
    bytes_at_rest found;
    std::error_code ec;
    for (fs::recursive_directory_iterator at(store / "files", ec), end; !ec && at != end; at.increment(ec)) {
        if (!at->is_regular_file()) continue;
        if (at->path().parent_path().filename() == "tmp")
            ++found.unfinished;
        else
            found.files.insert(at->path().filename().string());
    }
    for (fs::directory_iterator at(store / "segments", ec), end; !ec && at != end; at.increment(ec)) {
        const auto number = std::uint32_t(std::strtoul(at->path().stem().c_str(), nullptr, 10));
        unique_fd file(::open(at->path().c_str(), O_RDONLY | O_CLOEXEC));
        off_t length = ::lseek(file.get(), 0, SEEK_END);
        for (off_t begin = 0; begin < length;) {
            begin = ::lseek(file.get(), begin, SEEK_DATA);
            if (begin < 0) break;
            off_t end_of = ::lseek(file.get(), begin, SEEK_HOLE);
            if (end_of < 0 || end_of > length) end_of = length;
            for (char block[record_border]; begin < end_of; begin += record_border) {
                const auto got = ::pread(file.get(), block, record_border, begin);
                if (got <= 0 || std::string_view(block, std::size_t(got)).find_first_not_of('\0') == std::string::npos)
                    continue; // preallocated
                if (found.data.empty() || found.data.back().segment != number ||
                    found.data.back().end != std::uint64_t(begin))
                    found.data.push_back({number, std::uint64_t(begin), std::uint64_t(begin)});
                found.data.back().end = std::uint64_t(begin + record_border);
            }
            begin = end_of;
        }
    }
    return found;
}

} // namespace vanthu::upkeep
