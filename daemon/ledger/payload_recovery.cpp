// What the payload store does at start, before it takes anything new.
#include "daemon/ledger/payload_files.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::ledger {
namespace {
bool is_hex_name(std::string_view name, std::size_t length) {
    return name.size() == length && name.find_first_not_of("0123456789abcdef") == name.npos;
}
} // namespace

// A record written when group N was durable proves that group N was on disk.
result<> payload_files::check_group(std::string_view head, std::uint64_t last_group,
                                    std::uint64_t& record_length) const {
    auto header = record_header::decode(head);
    record_length = header ? header->stored_length() : 0;
    if (header && header->committed_group > last_group)
        return failed(errc::shorter_than_committed,
                      fmt::format("payload {} was written after group {}, the rows end with group {}",
                                  to_hex(header->id), header->committed_group, last_group));
    return {};
}

result<payload_files::reclaimed> payload_files::recover(const std::vector<payload_ref>& committed,
                                                        std::uint64_t last_group, bool sweep) {
    durable_group_.store(last_group);
    std::vector<segments::extent> extents;
    for (const auto& ref : committed)
        if (ref.kind == payload_kind::segment) extents.push_back({ref.segment, ref.offset, ref.stored_length});
    reclaimed done;
    if (sweep) {
        VANTHU_TRY(done.files, sweep_files(committed, last_group));
    }
    VANTHU_TRY(done.bytes, segments_.recover(extents, sweep, [&](std::string_view head) -> result<std::uint64_t> {
        std::uint64_t length = 0;
        VANTHU_CHECK(check_group(head, last_group, length));
        return length;
    }));
    VANTHU_TRY(auto unfinished, files_.list(temporary_directory()));
    for (const auto& name : unfinished) VANTHU_CHECK(files_.unlink(temporary_directory() / name));
    return done;
}

result<std::uint64_t> payload_files::sweep_files(const std::vector<payload_ref>& committed, std::uint64_t last_group) {
    std::set<std::string> expected;
    for (const auto& ref : committed)
        if (ref.kind == payload_kind::file) expected.insert(to_hex(ref.id));
    std::vector<std::filesystem::path> orphans;
    auto top = directory_ / "files";
    VANTHU_TRY(auto outer, files_.list(top));
    for (const auto& middle : outer) {
        if (!is_hex_name(middle, 2)) continue;
        VANTHU_TRY(auto inner, files_.list(top / middle));
        for (const auto& leaf : inner) {
            VANTHU_TRY(auto names, files_.list(top / middle / leaf));
            for (const auto& name : names)
                if (is_hex_name(name, 32) && expected.erase(name) == 0) orphans.push_back(top / middle / leaf / name);
        }
    }
    if (!expected.empty())
        return failed(errc::payload_missing,
                      fmt::format("{} files, the first is {}", expected.size(), *expected.begin()));
    bytes head(header_at_most);
    for (const auto& path : orphans) {
        VANTHU_TRY(auto opened, files_.open(path, open_mode::read));
        VANTHU_TRY(auto got, opened->pread(0, head));
        std::uint64_t length = 0;
        VANTHU_CHECK(check_group(as_text(bytes_view(head.data(), got)), last_group, length));
    }
    for (const auto& path : orphans) VANTHU_CHECK(files_.unlink(path));
    return orphans.size();
}

} // namespace vanthu::ledger
