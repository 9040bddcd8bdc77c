// The transaction of one commit group: its uncommitted rows over those of the group before it, while that one is being
// written, over the database; with a way back to the start of the change that is running.
//
// Made and used on the committer thread; after complete() it is only read there, and make_durable() runs on another.
#pragma once

#include "daemon/ledger/payload_files.hpp"
#include "daemon/ledger/row_overlay.hpp"

#include <map>
#include <unordered_map>

namespace vanthu::ledger {

struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
};
struct counter {
    std::uint64_t last = 0;
    bool in_rows = false; // the rows it numbers say where it stands
    bool unwritten = true; // of one in rows: nothing on disk says that yet
};
// What counters stand at, by their keys. Only next_sequence() writes their rows.
using counter_map = std::unordered_map<std::string, counter, text_hash, std::equal_to<>>;

class counter_memory {
public:
    std::optional<counter> last(std::string_view key) const;
    void remember(const counter_map&);

private:
    static constexpr std::size_t at_most = 65'536; // beyond it all are forgotten: the rows know
    counter_map last_;
};

class group_transaction final : public transaction {
public:
    // `durable`: counters as durable groups left them. `earlier`: the complete group before this one, which is not in
    // the database yet; null: it is.
    group_transaction(rows_database& rows, payload_files& payloads, const counter_memory& durable, std::uint64_t group,
                      timestamp now, const group_transaction* earlier)
        : rows_(rows), payloads_(payloads), durable_(durable), group_(group), now_(now),
          earlier_(earlier) {}

    result<std::optional<std::string>> get(std::string_view key) const override;
    result<> scan(std::string_view prefix, std::string_view from, const row_visitor&, direction) const override;
    void put(std::string_view key, std::string_view value) override;
    void erase(std::string_view key) override;
    result<std::uint64_t> next_sequence(std::string_view counter_key) override {
        return next_sequence(counter_key, {});
    }
    result<std::uint64_t> next_sequence(std::string_view counter_key, std::string_view rows) override;
    timestamp now() const override { return now_; }
    std::uint64_t group() const override { return group_; }
    result<> adopt(const stored_payload&) override;
    result<> release(const payload_ref&) override;
    void after_commit(std::move_only_function<void()> f) override { after_.push_back(std::move(f)); }

    void change_begins(); // marks the way back
    void change_undone(); // goes there
    void earlier_is_durable() { earlier_ = nullptr; }

    void complete(); // no change follows
    // The order is the promise: what the group adopted, on disk; then its rows and its number, in one synced write.
    result<> make_durable();
    const counter_map& counters() const { return counters_; }
    std::vector<std::move_only_function<void()>>& after() { return after_; }
    const std::vector<payload_ref>& released() const { return released_; }

private:
    using family = rows_database::family;
    const row_overlay::cell* find(family, std::string_view key) const; // in this group or the one before
    result<std::optional<std::string>> get(family, std::string_view key) const;
    result<counter> standing(std::string_view counter_key, std::string_view rows) const; // before this group

    rows_database& rows_;
    payload_files& payloads_;
    const counter_memory& durable_;
    const std::uint64_t group_;
    const timestamp now_;
    row_overlay changed_;
    const group_transaction* earlier_;
    // Counters become rows once, with the group, and are in no overlay: a group of many changes counts hundreds of
    // times, and a document to many counts in thousands of inboxes.
    counter_map counters_;
    // By the running change, and from where; a map's elements stay where they are.
    std::vector<std::pair<counter_map::value_type*, std::optional<counter>>> counted_;
    std::vector<std::uint32_t> adopted_segments_;
    std::vector<payload_ref> released_;
    std::vector<std::move_only_function<void()>> after_;
    std::size_t segments_mark_ = 0, released_mark_ = 0, after_mark_ = 0;
    std::optional<result<>> space_; // asked once a group
};

// Keys of the location index and of small payloads (docs/store-format.md, "Payload rows").
std::string location_key(const payload_ref&);
std::string inside_key(const payload_ref&);

} // namespace vanthu::ledger
