// The store's own small files: LOCK, STORE (format and instance) and `committed` (how far the rows must reach).
#pragma once

#include "daemon/base/clock.hpp"
#include "daemon/ledger/file_system.hpp"

#include <optional>

namespace vanthu::ledger {

struct store_identity {
    std::uint32_t format = 0;
    std::string instance;
    timestamp created{};
    bool operator==(const store_identity&) const = default;
};

enum class directory_state {
    absent,       // missing or empty
    half_created, // a creation that did not end: nothing was ever acknowledged in it
    restoring,    // a restore that did not end
    whole
};

// What a directory that holds no store may hold: LOCK, lost+found, the spool.
bool may_stand_in_an_empty_directory(std::string_view name);
// directory_missing is no failure here; foreign_directory is: something is there that no creation left.
result<directory_state> look_at(file_system&, const std::filesystem::path& directory);
result<store_identity> read_identity(file_system&, const std::filesystem::path& directory); // newer_format, damaged
result<> write_identity(file_system&, const std::filesystem::path& directory, const store_identity&); // file synced
// In the place of the one that is there; at any moment one of the two is.
result<> replace_identity(file_system&, const std::filesystem::path& directory, const store_identity&);
inline constexpr const char* restoring_name = "RESTORING";

// The text of a small file of ours: a title, lines "name value", last the checksum of those before.
class small_file {
public:
    explicit small_file(std::string_view title) : text_(std::string(title) + "\n") {}
    small_file& line(std::string_view name, std::string_view value);
    std::string take(); // with its checksum
    static std::optional<std::string> field(std::string_view text, std::string_view name);
    static std::optional<std::int64_t> number(std::string_view text, std::string_view name);
    static bool intact(std::string_view text); // the checksum

private:
    std::string text_;
};
result<std::string> read_small_file(file_system&, const std::filesystem::path&);
// Creation, in this order: begin (the directory is known to be half created), the caller makes everything, end.
result<> begin_creation(file_system&, const std::filesystem::path& directory, const store_identity&);
result<> end_creation(file_system&, const std::filesystem::path& directory);

// A lower bound for the last acknowledged group, written after every group without a sync of its own: it is never ahead
// of the rows. Two slots in turn, so that a torn write leaves the other. One thread.
class committed_mark {
public:
    struct state {
        std::uint64_t group = 0;
        bool closed_cleanly = false;
    };
    static result<> create(file_system&, const std::filesystem::path& directory);
    // Without a readable slot (or file) the bound is 0: a power cut may tear both.
    static result<std::unique_ptr<committed_mark>> open(file_system&, const std::filesystem::path& directory);
    const state& found() const { return found_; }
    result<> write(state);
    result<> sync() { return file_->fdatasync(); }

private:
    std::unique_ptr<file> file_;
    state found_;
    std::uint64_t turn_ = 0;
};

} // namespace vanthu::ledger
