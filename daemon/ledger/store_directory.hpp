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
    whole
};

// directory_missing is no failure here; foreign_directory is: something is there that no creation left.
result<directory_state> look_at(file_system&, const std::filesystem::path& directory);
result<store_identity> read_identity(file_system&, const std::filesystem::path& directory); // newer_format, damaged
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
