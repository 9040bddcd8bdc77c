#include "daemon/ledger/group_transaction.hpp"

#include "daemon/ledger/big_endian.hpp"
#include "daemon/ledger/keys.hpp"
#include "daemon/ledger/rows.hpp"

#include <algorithm>

namespace vanthu::ledger {

std::string location_key(const payload_ref& ref) {
    std::string key(1, ref.kind == payload_kind::segment ? 's' : ref.kind == payload_kind::file ? 'f' : 'i');
    if (ref.kind == payload_kind::segment) {
        put_big_endian(key, ref.segment);
        put_big_endian(key, ref.offset);
    } else {
        key.append(as_text(ref.id));
    }
    return key;
}

namespace {
constexpr std::uint8_t counter_in_rows = 2; // version of #: where it stands say the rows it numbers

std::string row_of(const counter& c) {
    return c.in_rows ? row_writer('#', counter_in_rows).take() : row_writer('#', 1).u64(c.last).take();
}

result<std::uint64_t> last_number(const view& v, std::string_view rows) {
    std::uint64_t last = 0;
    bool odd = false;
    VANTHU_CHECK(v.scan(
        rows, {},
        [&](std::string_view key, std::string_view) {
            odd = key.size() != rows.size() + sizeof last;
            if (!odd) last = get_big_endian<std::uint64_t>(as_bytes(key.substr(rows.size())).data());
            return false;
        },
        direction::backward));
    if (odd) return failed(errc::key_malformed, "not a number's row");
    return last;
}
} // namespace

std::string inside_key(const payload_ref& ref) { return row_key(ref.owner, 'i').raw(ref.id).take(); }

result<std::uint64_t> last_sequence(const view& v, std::string_view counter_key, std::string_view rows) {
    VANTHU_TRY(auto value, v.get(counter_key));
    if (!value) return std::uint64_t(0);
    VANTHU_TRY(auto row, row_reader::open(*value, '#', rows.empty() ? 1 : counter_in_rows));
    return row.version() == counter_in_rows ? last_number(v, rows) : row.u64();
}

std::optional<counter> counter_memory::last(std::string_view key) const {
    auto known = last_.find(key);
    return known == last_.end() ? std::nullopt : std::optional(known->second);
}

void counter_memory::remember(const counter_map& counters) {
    if (last_.size() + counters.size() > at_most) last_.clear();
    for (const auto& [key, last] : counters) last_.insert_or_assign(key, last);
}

const row_overlay::cell* group_transaction::find(family f, std::string_view key) const {
    const auto* cell = changed_.find(f, key);
    return !cell && earlier_ ? earlier_->changed_.find(f, key) : cell;
}

result<std::optional<std::string>> group_transaction::get(family f, std::string_view key) const {
    const auto* cell = find(f, key);
    if (!cell) return rows_.get(f, key);
    if (cell->erased) return std::nullopt;
    return std::string(cell->value);
}

result<std::optional<std::string>> group_transaction::get(std::string_view key) const {
    for (const group_transaction* group : {this, earlier_})
        if (group)
            if (auto known = group->counters_.find(key); known != group->counters_.end()) return row_of(known->second);
    return get(family::rows, key);
}

result<> group_transaction::scan(std::string_view prefix, std::string_view from, const row_visitor& visit,
                                 direction way) const {
    prefix_bounds bounds(prefix);
    std::vector<const row_overlay::rows*> layers{&changed_.of(family::rows)};
    if (earlier_) layers.push_back(&earlier_->changed_.of(family::rows));
    layered_rows all(std::move(layers),
                     std::unique_ptr<rocksdb::Iterator>(rows_.db().NewIterator(bounds.options, rows_[family::rows])), way);
    return walk(all, prefix, from, visit, way);
}

void group_transaction::put(std::string_view key, std::string_view value) { changed_.put(family::rows, key, value); }
void group_transaction::erase(std::string_view key) { changed_.erase(family::rows, key); }

result<std::uint64_t> group_transaction::next_sequence(std::string_view counter_key, std::string_view rows) {
    auto known = counters_.find(counter_key);
    if (known != counters_.end()) {
        counted_.emplace_back(&*known, known->second);
    } else {
        VANTHU_TRY(const counter before, standing(counter_key, rows));
        known = counters_.emplace(counter_key, before).first;
        counted_.emplace_back(&*known, std::nullopt);
    }
    return ++known->second.last;
}

result<counter> group_transaction::standing(std::string_view counter_key, std::string_view rows) const {
    std::optional<counter> known = durable_.last(counter_key);
    if (earlier_)
        if (auto at = earlier_->counters_.find(counter_key); at != earlier_->counters_.end()) known = at->second;
    if (known) {
        known->unwritten = false;
        return *known;
    }
    counter out{.in_rows = !rows.empty()};
    VANTHU_TRY(out.last, last_sequence(*this, counter_key, rows));
    if (out.in_rows) {
        VANTHU_TRY(auto row, get(family::rows, counter_key));
        out.unwritten = row != row_of(out);
    }
    return out;
}

result<> group_transaction::adopt(const stored_payload& payload) {
    if (!space_) space_ = payloads_.check_space();
    if (!*space_) return *space_;
    const payload_ref& ref = payload.ref;
    if (ref.kind == payload_kind::inside) changed_.put(family::inside, inside_key(ref), payload.inside_record);
    if (ref.kind == payload_kind::segment) adopted_segments_.push_back(ref.segment);
    changed_.put(family::payloads, location_key(ref), ref.encode());
    return {};
}

result<> group_transaction::release(const payload_ref& ref) {
    const std::string key = location_key(ref);
    VANTHU_TRY(auto value, get(family::payloads, key));
    // Compared whole: a stale reference must never free bytes that belong to another payload by now.
    if (!value || *value != ref.encode()) return failed(errc::payload_missing, to_hex(ref.id));
    changed_.erase(family::payloads, key);
    if (ref.kind == payload_kind::inside)
        changed_.erase(family::inside, inside_key(ref));
    else
        released_.push_back(ref);
    return {};
}

void group_transaction::change_begins() {
    changed_.mark();
    segments_mark_ = adopted_segments_.size();
    released_mark_ = released_.size();
    after_mark_ = after_.size();
    counted_.clear();
}

void group_transaction::change_undone() {
    changed_.undo();
    adopted_segments_.resize(segments_mark_);
    released_.resize(released_mark_);
    after_.erase(after_.begin() + static_cast<std::ptrdiff_t>(after_mark_), after_.end());
    for (; !counted_.empty(); counted_.pop_back()) {
        auto [counter, before] = counted_.back();
        if (before)
            counter->second = *before;
        else
            counters_.erase(counters_.find(counter->first));
    }
}

void group_transaction::complete() {
    std::ranges::sort(adopted_segments_);
    auto repeated = std::ranges::unique(adopted_segments_);
    adopted_segments_.erase(repeated.begin(), repeated.end());
}

result<> group_transaction::make_durable() {
    for (auto segment : adopted_segments_) VANTHU_CHECK(payloads_.sync_segment(segment));
    std::vector<const counter_map::value_type*> written; // in the order of their keys, which go in faster
    for (const auto& each : counters_)
        if (!each.second.in_rows || each.second.unwritten) written.push_back(&each);
    std::ranges::sort(written, {}, [](const auto* each) -> std::string_view { return each->first; });
    rocksdb::WriteBatch batch = changed_.batch(rows_, written.size() * 64);
    for (const auto* each : written) batch.Put(rows_[family::rows], slice(each->first), row_of(each->second));
    rows_.put_last_group(batch, group_);
    return rows_.write(batch);
}

} // namespace vanthu::ledger
