#include "daemon/ledger/copying.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::ledger {
namespace {
constexpr std::size_t piece_length = 1u << 20, block = 4096;

bool all_zero(bytes_view b) {
    return std::ranges::all_of(b, [](std::uint8_t c) { return c == 0; });
}
} // namespace

result<> copy_bytes(const copy_ends& ends, std::uint64_t from_offset, std::uint64_t to_offset, std::uint64_t length,
                    const before_piece& ask) {
    bytes piece(std::min<std::uint64_t>(piece_length, length));
    for (std::uint64_t done = 0; done < length;) {
        VANTHU_TRY(std::uint64_t data, ends.from.next_data(from_offset + done));
        if (data > from_offset + done) done = std::min(length, (data - from_offset) / block * block);
        if (done == length) break;
        const std::size_t wanted = std::min<std::uint64_t>(piece.size(), length - done);
        if (ask) VANTHU_CHECK(ask(wanted));
        VANTHU_TRY(std::size_t got, ends.from.pread(from_offset + done, std::span(piece).first(wanted)));
        if (got != wanted)
            return failed(errc::payload_missing,
                          fmt::format("{} bytes from {}, the file ends before", length, from_offset));
        for (std::size_t at = 0; at < wanted;) { // a run of blocks that hold something
            std::size_t end = at;
            while (end < wanted && !all_zero(bytes_view(piece).subspan(end, std::min(block, wanted - end))))
                end = std::min(end + block, wanted);
            if (end > at)
                if (auto written = ends.to.pwrite(to_offset + done + at, bytes_view(piece).subspan(at, end - at));
                    !written)
                    return ends.writing(written.error());
            at = end > at ? end : std::min(at + block, wanted);
        }
        done += wanted;
    }
    return {};
}

result<> copy_file(file_system& files, const std::filesystem::path& from, const std::filesystem::path& to,
                   std::optional<std::uint64_t> length, const std::function<fail(failure)>& writing,
                   const before_piece& ask) {
    VANTHU_TRY(auto source, files.open(from, open_mode::read));
    VANTHU_TRY(const std::uint64_t whole, source->length());
    const std::uint64_t wanted = length.value_or(whole);
    auto target = files.open(to, open_mode::create_new);
    if (!target) return writing(target.error());
    VANTHU_CHECK(copy_bytes({*source, **target, writing}, 0, 0, wanted, ask));
    auto ended = (*target)->length();
    if (!ended) return writing(ended.error());
    if (*ended < wanted) // it ends with a hole
        if (auto extended = (*target)->truncate(wanted); !extended) return writing(extended.error());
    if (auto synced = (*target)->fdatasync(); !synced) return writing(synced.error());
    return {};
}

result<> write_file(file_system& files, const std::filesystem::path& to, std::string_view content) {
    VANTHU_TRY(auto target, files.open(to, files.exists(to) ? open_mode::update : open_mode::create_new));
    VANTHU_CHECK(target->truncate(0));
    VANTHU_CHECK(target->pwrite(0, as_bytes(content)));
    return target->fdatasync();
}

result<> clear_directory(file_system& files, const std::filesystem::path& directory,
                         std::span<const std::string_view> keep) {
    VANTHU_TRY(auto names, files.list(directory));
    for (const auto& name : names)
        if (std::ranges::find(keep, std::string_view(name)) == keep.end())
            VANTHU_CHECK(files.remove_tree(directory / name));
    return {};
}

} // namespace vanthu::ledger
