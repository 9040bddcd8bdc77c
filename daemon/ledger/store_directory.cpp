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
    return small_file("vanthu store")
        .line("format", std::to_string(identity.format))
        .line("instance", identity.instance)
        .line("created_us", std::to_string(to_us(identity.created)))
        .take();
}
} // namespace

small_file& small_file::line(std::string_view name, std::string_view value) {
    text_ += fmt::format("{} {}\n", name, value);
    return *this;
}

std::string small_file::take() { return text_ + fmt::format("crc32 {:08x}\n", checksum(text_)); }

bool small_file::intact(std::string_view text) {
    auto at = text.rfind("crc32 ");
    return at != text.npos && text.substr(at) == fmt::format("crc32 {:08x}\n", checksum(text.substr(0, at)));
}

std::optional<std::string> small_file::field(std::string_view text, std::string_view name) {
    auto at = text.find(fmt::format("\n{} ", name));
    if (at == text.npos) return std::nullopt;
    auto value = text.substr(at + name.size() + 2);
    return std::string(value.substr(0, value.find('\n')));
}

std::optional<std::int64_t> small_file::number(std::string_view text, std::string_view name) {
    auto value = field(text, name);
    std::int64_t n{};
    if (!value) return std::nullopt;
    auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), n);
    if (error != std::errc() || end != value->data() + value->size()) return std::nullopt;
    return n;
}

result<std::string> read_small_file(file_system& files, const std::filesystem::path& path) {
    VANTHU_TRY(auto opened, files.open(path, open_mode::read));
    std::string content(4096, '\0');
    VANTHU_TRY(auto got, opened->pread(0, {reinterpret_cast<std::uint8_t*>(content.data()), content.size()}));
    content.resize(got);
    return content;
}

bool may_stand_in_an_empty_directory(std::string_view name) {
    return name == "LOCK" || name == "lost+found" || name == "spool";
}

result<directory_state> look_at(file_system& files, const std::filesystem::path& directory) {
    if (!files.exists(directory)) return directory_state::absent;
    if (files.exists(directory / restoring_name)) return directory_state::restoring;
    if (files.exists(directory / identity_name)) return directory_state::whole;
    if (files.exists(directory / creating_name)) return directory_state::half_created;
    VANTHU_TRY(auto names, files.list(directory));
    for (const auto& name : names)
        if (!may_stand_in_an_empty_directory(name))
            return failed(errc::foreign_directory, fmt::format("{} holds {} and no STORE", directory.string(), name));
    return directory_state::absent;
}

result<store_identity> read_identity(file_system& files, const std::filesystem::path& directory) {
    VANTHU_TRY(auto text, read_small_file(files, directory / identity_name));
    if (!text.starts_with("vanthu store\n"))
        return failed(errc::foreign_directory, (directory / identity_name).string());
    auto format = small_file::number(text, "format");
    // The number alone is read first: a newer format may have changed everything after it.
    if (format && *format > store::format)
        return failed(errc::newer_format, fmt::format("format {}, this program knows {}", *format, store::format));
    auto instance = small_file::field(text, "instance");
    auto created = small_file::number(text, "created_us");
    if (!format || *format <= 0 || !instance || !created)
        return failed(errc::damaged, (directory / identity_name).string());
    store_identity identity{static_cast<std::uint32_t>(*format), *instance, from_us(*created)};
    if (text != to_text(identity)) return failed(errc::damaged, (directory / identity_name).string());
    return identity;
}

result<> write_identity(file_system& files, const std::filesystem::path& directory, const store_identity& identity) {
    VANTHU_TRY(auto written, files.open(directory / identity_name, open_mode::create_new));
    VANTHU_CHECK(written->pwrite(0, as_bytes(to_text(identity))));
    return written->fdatasync();
}

result<> replace_identity(file_system& files, const std::filesystem::path& directory, const store_identity& identity) {
    const auto path = directory / creating_name;
    VANTHU_TRY(auto fresh, files.open(path, files.exists(path) ? open_mode::update : open_mode::create_new));
    VANTHU_CHECK(fresh->truncate(0));
    VANTHU_CHECK(fresh->pwrite(0, as_bytes(to_text(identity))));
    VANTHU_CHECK(fresh->fdatasync());
    return end_creation(files, directory);
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
