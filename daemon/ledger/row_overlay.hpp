// The rows that one group changes, until the database holds them: what the group's own changes and the next group read
// first. One thread writes; a group that is complete is only read, by any thread.
#pragma once

#include "daemon/ledger/rows_database.hpp"

#include <array>
#include <map>
#include <memory_resource>
#include <span>

namespace vanthu::ledger {

class row_overlay {
public:
    using family = rows_database::family;
    struct cell {
        std::string_view value;
        bool erased = false;
    };
    using rows = std::pmr::map<std::string_view, cell>; // keys and values live as long as the overlay

    row_overlay() = default;
    row_overlay(const row_overlay&) = delete;

    void put(family, std::string_view key, std::string_view value);
    void erase(family, std::string_view key);
    const cell* find(family, std::string_view key) const; // null: not touched
    const rows& of(family f) const { return families_[std::size_t(f)]; }

    void mark() { undo_.clear(); } // the way back begins here
    void undo();                   // and goes there

    // Everything in one batch, in the order of the keys; with room for so many bytes more.
    rocksdb::WriteBatch batch(const rows_database&, std::size_t more) const;

private:
    struct step {
        rows* in;
        rows::iterator at;
        std::optional<cell> before;
    };
    void set(family, std::string_view key, cell);
    std::string_view kept(std::string_view);

    std::pmr::monotonic_buffer_resource memory_{std::size_t{64} << 10};
    std::array<rows, rows_database::family_count> families_{rows(&memory_), rows(&memory_), rows(&memory_),
                                                            rows(&memory_)};
    std::vector<step> undo_;
    std::size_t bytes_ = 0; // of keys and values
};

// One way over the rows of several layers: what a newer layer says of a row hides the older ones. Newest first, and
// `base` below them all.
class layered_rows final : public row_cursor {
public:
    layered_rows(std::vector<const row_overlay::rows*> newest_first, std::unique_ptr<rocksdb::Iterator> base, direction);

    void seek(std::string_view key) override;
    void seek_for_prev(std::string_view key) override;
    void seek_to_last() override;
    bool valid() const override { return valid_; }
    std::string_view key() const override { return key_; }
    std::string_view value() const override { return value_; }
    void next() override;
    void prev() override { next(); }
    rocksdb::Status status() const override { return base_->status(); }

private:
    struct layer {
        const row_overlay::rows* rows;
        row_overlay::rows::const_iterator at; // backward: the row before it is the current one
    };
    bool ended(const layer&) const;
    const row_overlay::rows::value_type& row(const layer&) const;
    void step(layer&);
    void step_base();
    void look();
    void pass();
    void settle(); // on the first row from here on that is not erased

    std::vector<layer> layers_;
    std::unique_ptr<rocksdb::Iterator> base_;
    const bool forward_;
    bool valid_ = false, erased_ = false;
    std::string_view key_, value_;
};

} // namespace vanthu::ledger
