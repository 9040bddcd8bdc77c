#include "daemon/ledger/store_directory.hpp"

#include "daemon/ledger/big_endian.hpp"
#include "daemon/ledger/store.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <zlib.h>

namespace vanthu::ledger {
namespace {
constexpr const char *identity_name = "STORE", *creating_name = "STORE.new", *mark_name = "committed";
constexpr std::string_view mark_magic = "VTCG";
constexpr std::size_t slot_length = 28, slot_distance = 4096; // sectors of their own

std::uint32_t checksum(std::string_view text) {
    return static_cast<std::uint32_t>(
        ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

std::string to_text(const store_identity& identity) {
    std::string text = fmt::format("vanthu store\nformat {}\ninstance {}\ncreated_us {}\n", identity.format,
                                   identity.instance, to_us(identity.created));
    return text + fmt::format("crc32 {:08x}\n", checksum(text));
}

template <class T> std::optional<T> field(std::string_view text, std::string_view name) {
    auto at = text.find(fmt::format("\n{} ", name));
    if (at == text.npos) return std::nullopt;
    auto value = text.substr(at + name.size() + 2);
    value = value.substr(0, value.find('\n'));
    if constexpr (std::is_same_v<T, std::string>) {
        return std::string(value);
    } else {
        T number{};
        auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
        return number;
    }
}

result<std::string> read_all(file_system& files, const std::filesystem::path& path) {
    VANTHU_TRY(auto opened, files.open(path, open_mode::read));
    std::string content(4096, '\0');
    VANTHU_TRY(auto got, opened->pread(0, {reinterpret_cast<std::uint8_t*>(content.data()), content.size()}));
    content.resize(got);
    return content;
}
} // namespace

result<directory_state> look_at(file_system& files, const std::filesystem::path& directory) {
    if (!files.exists(directory)) return directory_state::absent;
    if (files.exists(directory / identity_name)) return directory_state::whole;
    if (files.exists(directory / creating_name)) return directory_state::half_created;
    VANTHU_TRY(auto names, files.list(directory));
    for (const auto& name : names)
        if (name != "LOCK" && name != "lost+found" && name != "spool")
            return failed(errc::foreign_directory, fmt::format("{} holds {} and no STORE", directory.string(), name));
    return directory_state::absent;
}

result<store_identity> read_identity(file_system& files, const std::filesystem::path& directory) {
    VANTHU_TRY(auto text, read_all(files, directory / identity_name));
    if (!text.starts_with("vanthu store\n"))
        return failed(errc::foreign_directory, (directory / identity_name).string());
    auto format = field<std::uint32_t>(text, "format");
    // The number alone is read first: a newer format may have changed everything after it.
    if (format && *format > store::format)
        return failed(errc::newer_format, fmt::format("format {}, this program knows {}", *format, store::format));
    auto instance = field<std::string>(text, "instance");
    auto created = field<std::int64_t>(text, "created_us");
    if (!format || *format == 0 || !instance || !created)
        return failed(errc::damaged, (directory / identity_name).string());
    store_identity identity{*format, *instance, from_us(*created)};
    if (text != to_text(identity)) return failed(errc::damaged, (directory / identity_name).string());
    return identity;
}

result<> begin_creation(file_system& files, const std::filesystem::path& directory, const store_identity& identity) {
    // STORE.new goes last and comes first: whatever a power cut leaves of a creation has it beside.
    for (const char* name : {"rows", "segments", "files", mark_name}) VANTHU_CHECK(files.remove_tree(directory / name));
    auto path = directory / creating_name;
    VANTHU_TRY(auto created, files.open(path, files.exists(path) ? open_mode::update : open_mode::create_new));
    VANTHU_CHECK(created->truncate(0));
    VANTHU_CHECK(created->pwrite(0, as_bytes(to_text(identity))));
    VANTHU_CHECK(created->fdatasync());
    VANTHU_CHECK(files.fsync_directory(directory));
    if (auto parent = directory.parent_path(); !parent.empty()) VANTHU_CHECK(files.fsync_directory(parent));
    return {};
}

result<> end_creation(file_system& files, const std::filesystem::path& directory) {
    VANTHU_CHECK(files.fsync_directory(directory));
    VANTHU_CHECK(files.rename(directory / creating_name, directory / identity_name));
    return files.fsync_directory(directory);
}

result<> committed_mark::create(file_system& files, const std::filesystem::path& directory) {
    VANTHU_TRY(auto created, files.open(directory / mark_name, open_mode::create_new));
    VANTHU_CHECK(created->pwrite(0, bytes(slot_distance + slot_length)));
    return created->fdatasync();
}

result<std::unique_ptr<committed_mark>> committed_mark::open(file_system& files,
                                                             const std::filesystem::path& directory) {
    if (!files.exists(directory / mark_name)) {
        VANTHU_CHECK(create(files, directory));
        VANTHU_CHECK(files.fsync_directory(directory));
    }
    auto mark = std::make_unique<committed_mark>();
    VANTHU_TRY(mark->file_, files.open(directory / mark_name, open_mode::update));
    for (std::uint64_t slot = 0; slot < 2; ++slot) {
        std::string text(slot_length, '\0');
        VANTHU_TRY(auto got, mark->file_->pread(slot * slot_distance,
                                                {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
        if (got != slot_length || !text.starts_with(mark_magic) || text[4] != 1) continue;
        if (checksum(std::string_view(text).substr(0, 24)) != get_big_endian<std::uint32_t>(&text[24])) continue;
        auto turn = get_big_endian<std::uint64_t>(&text[8]);
        if (turn < mark->turn_) continue;
        mark->turn_ = turn;
        mark->found_ = {get_big_endian<std::uint64_t>(&text[16]), text[5] == 1};
    }
    return mark;
}

result<> committed_mark::write(state s) {
    std::string text(mark_magic);
    put_big_endian(text, std::uint8_t(1));
    put_big_endian(text, std::uint8_t(s.closed_cleanly ? 1 : 0));
    put_big_endian(text, std::uint16_t(0));
    put_big_endian(text, ++turn_);
    put_big_endian(text, s.group);
    put_big_endian(text, checksum(text));
    return file_->pwrite(turn_ % 2 * slot_distance, as_bytes(text));
}

} // namespace vanthu::ledger
