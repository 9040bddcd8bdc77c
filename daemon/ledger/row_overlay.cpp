#include "daemon/ledger/row_overlay.hpp"

#include <cstring>

namespace vanthu::ledger {

std::string_view row_overlay::kept(std::string_view text) {
    bytes_ += text.size();
    if (text.empty()) return {};
    char* at = static_cast<char*>(memory_.allocate(text.size(), 1));
    std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
}

void row_overlay::set(family f, std::string_view key, cell to) {
    rows& in = families_[std::size_t(f)];
    auto at = in.lower_bound(key);
    if (at != in.end() && at->first == key) {
        undo_.push_back({&in, at, at->second});
        at->second = to;
    } else {
        at = in.emplace_hint(at, kept(key), to);
        undo_.push_back({&in, at, std::nullopt});
    }
}

void row_overlay::put(family f, std::string_view key, std::string_view value) { set(f, key, {kept(value), false}); }
void row_overlay::erase(family f, std::string_view key) { set(f, key, {{}, true}); }

const row_overlay::cell* row_overlay::find(family f, std::string_view key) const {
    const rows& in = of(f);
    auto at = in.find(key);
    return at == in.end() ? nullptr : &at->second;
}

void row_overlay::undo() {
    for (; !undo_.empty(); undo_.pop_back()) {
        const step& last = undo_.back();
        if (last.before)
            last.at->second = *last.before;
        else
            last.in->erase(last.at);
    }
}

rocksdb::WriteBatch row_overlay::batch(const rows_database& database, std::size_t more) const {
    std::size_t count = 0;
    for (const rows& in : families_) count += in.size();
    rocksdb::WriteBatch out(bytes_ + 16 * count + 64 + more);
    for (std::size_t f = 0; f < families_.size(); ++f)
        for (const auto& [key, cell] : families_[f])
            if (cell.erased)
                out.Delete(database[family(f)], slice(key));
            else
                out.Put(database[family(f)], slice(key), slice(cell.value));
    return out;
}

layered_rows::layered_rows(std::vector<const row_overlay::rows*> newest_first, std::unique_ptr<rocksdb::Iterator> base,
                           direction way)
    : base_(std::move(base)), forward_(way == direction::forward) {
    for (const row_overlay::rows* rows : newest_first) layers_.push_back({rows, rows->end()});
}

void layered_rows::seek(std::string_view key) {
    for (layer& l : layers_) l.at = l.rows->lower_bound(key);
    base_->Seek(slice(key));
    settle();
}
void layered_rows::seek_for_prev(std::string_view key) {
    for (layer& l : layers_) l.at = l.rows->upper_bound(key);
    base_->SeekForPrev(slice(key));
    settle();
}
void layered_rows::seek_to_last() {
    for (layer& l : layers_) l.at = l.rows->end();
    base_->SeekToLast();
    settle();
}

bool layered_rows::ended(const layer& l) const { return l.at == (forward_ ? l.rows->end() : l.rows->begin()); }
const row_overlay::rows::value_type& layered_rows::row(const layer& l) const {
    return forward_ ? *l.at : *std::prev(l.at);
}
void layered_rows::step(layer& l) { forward_ ? void(++l.at) : void(--l.at); }
void layered_rows::step_base() { forward_ ? base_->Next() : base_->Prev(); }

// Where the layers stand. Of equal keys the newest counts, which comes first.
void layered_rows::look() {
    const row_overlay::rows::value_type* first = nullptr;
    auto before = [&](std::string_view a, std::string_view b) { return forward_ ? a < b : a > b; };
    for (const layer& l : layers_)
        if (!ended(l) && (!first || before(row(l).first, first->first))) first = &row(l);
    valid_ = first || base_->Valid();
    if (!valid_) return;
    const bool below = !first || (base_->Valid() && before(text(base_->key()), first->first));
    key_ = below ? text(base_->key()) : first->first;
    value_ = below ? text(base_->value()) : first->second.value;
    erased_ = !below && first->second.erased;
}

// Every layer off the current row; the base last, whose key it may be.
void layered_rows::pass() {
    for (layer& l : layers_)
        if (!ended(l) && row(l).first == key_) step(l);
    if (base_->Valid() && text(base_->key()) == key_) step_base();
}

void layered_rows::settle() {
    for (look(); valid_ && erased_; look()) pass();
}

void layered_rows::next() {
    pass();
    settle();
}

} // namespace vanthu::ledger
