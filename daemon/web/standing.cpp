#include "daemon/web/standing.hpp"

#include "daemon/api/ladder.hpp"

#include <algorithm>

namespace vanthu::web {

namespace {
constexpr std::size_t page = 1000;

std::uint32_t minute_of(const packed_id& id) {
    return std::uint32_t{id[0]} << 24 | std::uint32_t{id[1]} << 16 | std::uint32_t{id[2]} << 8 | id[3];
}
std::uint32_t seconds(std::int64_t us) { return static_cast<std::uint32_t>(us / 1'000'000); }
bool by_id(const auto& a, const auto& b) { return a.id < b.id; }
} // namespace

std::uint32_t standing::number_of(kind k) {
    auto [at, fresh] = numbers_.try_emplace(k, static_cast<std::uint32_t>(kinds_.size()));
    if (fresh) {
        kinds_.push_back(std::move(k));
        counts_.push_back(0);
    }
    return at->second;
}

void standing::keep(const records::consignment_row& c, const std::string& owner) {
    const auto id = packed(c.document);
    const bool ended = records::is_final(c.state_now);
    if (!id || (ended && c.updated_at < ended_from_)) return;
    const bool known = c.reason.empty() || api::is_known_reason(c.reason);
    const std::uint32_t is = number_of({owner, c.hop, known ? c.reason : other_reason, c.state_now});
    ++counts_[is];
    auto& among = marks_[static_cast<std::size_t>(c.state_now)][minute_of(*id)];
    mark made{*id, is, 1, ended ? seconds(c.updated_at) : 0};
    auto [from, to] = std::equal_range(among.begin(), among.end(), made, by_id<mark, mark>);
    const auto alike = std::find_if(from, to, [&](const mark& m) { return m.kind == is && m.ended == made.ended; });
    if (alike != to) {
        ++alike->recipients;
        return;
    }
    among.insert(to, made);
    ended_ += ended;
}

void standing::forget(const packed_id& id) {
    for (marks& all : marks_) {
        const auto at = all.find(minute_of(id));
        if (at == all.end()) continue;
        auto [from, to] = std::equal_range(at->second.begin(), at->second.end(), mark{.id = id}, by_id<mark, mark>);
        for (auto m = from; m != to; ++m) {
            counts_[m->kind] -= m->recipients;
            ended_ -= m->ended != 0;
        }
        at->second.erase(from, to);
        if (at->second.empty()) all.erase(at);
    }
}

void standing::drop(const std::function<bool(const mark&)>& which) {
    for (marks& all : marks_) {
        for (auto& [minute, some] : all)
            std::erase_if(some, [&](const mark& m) {
                if (!which(m)) return false;
                counts_[m.kind] -= m.recipients;
                ended_ -= m.ended != 0;
                return true;
            });
        std::erase_if(all, [](const auto& some) { return some.second.empty(); });
    }
}

void standing::forget_ended(timestamp now) {
    auto forget_before = [&](std::int64_t from) {
        ended_from_ = std::max(ended_from_, from); // a clock that stepped back brings nothing back
        drop([oldest = seconds(ended_from_)](const mark& m) { return m.ended != 0 && m.ended < oldest; });
    };
    forget_before(to_us(now - window));
    while (ended_ > limits_.most_ended && ended_from_ < to_us(now))
        forget_before(ended_from_ + std::max<std::int64_t>((to_us(now) - ended_from_) / 4, 1'000'000));
}

result<> standing::load(const records::reader& read, const std::string& owner, place& p) {
    // The mark first: what changes while the rows are read is then read again by follow().
    VANTHU_TRY(p.last_event, read.last_event(owner));
    drop([&](const mark& m) { return kinds_[m.kind].owner == owner; });
    VANTHU_CHECK(read.each_consignment(owner, [&](const records::consignment_row& c) { keep(c, owner); }));
    p.loaded = true;
    return {};
}

result<> standing::reread(const records::reader& read, const std::string& owner, const std::string& document) {
    VANTHU_TRY(auto rows, read.consignments(owner, document));
    if (const auto id = packed(document)) forget(*id);
    for (const records::consignment_row& c : rows) keep(c, owner);
    return {};
}

result<> standing::follow(const records::reader& read, const std::string& owner, place& p) {
    for (;;) {
        VANTHU_TRY(auto events, read.events_after(owner, p.last_event, page));
        std::set<std::string> touched;
        for (const records::event_row& e : events)
            if (!e.document.empty()) touched.insert(e.document);
        for (const std::string& document : touched) {
            VANTHU_CHECK(reread(read, owner, document));
            VANTHU_CHECK(reread_entries(read, document));
        }
        if (events.empty()) return {};
        p.last_event = events.back().sequence;
    }
}

// The next open ones after those of the last time, by id; after the last the first.
result<> standing::reread_some(const records::reader& read) {
    std::map<packed_id, std::string> next; // and its owner
    for (std::size_t s = 0; s < states; ++s) {
        if (records::is_final(static_cast<records::state>(s))) continue;
        std::size_t found = 0;
        for (auto at = marks_[s].lower_bound(minute_of(read_again_after_)); at != marks_[s].end(); ++at)
            for (const mark& m : at->second) {
                if (m.id <= read_again_after_) continue;
                if (++found > limits_.read_again) break;
                next.emplace(m.id, kinds_[m.kind].owner);
            }
    }
    while (next.size() > limits_.read_again) next.erase(std::prev(next.end()));
    read_again_after_ = next.size() < limits_.read_again ? packed_id{} : next.rbegin()->first;
    for (const auto& [id, owner] : next) VANTHU_CHECK(reread(read, owner, unpacked(id)));
    return {};
}

void standing::each_kind(const std::function<void(const kind&, std::size_t)>& look) const {
    for (std::size_t i = 0; i < kinds_.size(); ++i)
        if (counts_[i]) look(kinds_[i], counts_[i]);
}

void standing::newest(records::state s, std::string_view before,
                      const std::function<bool(const document&)>& look) const {
    const marks& all = marks_[static_cast<std::size_t>(s)];
    const auto limit = packed(before);
    auto minute = limit ? all.upper_bound(minute_of(*limit)) : all.end();
    while (minute != all.begin()) {
        --minute;
        for (auto m = minute->second.rbegin(); m != minute->second.rend(); ++m) {
            if (limit && m->id >= *limit) continue;
            const kind& k = kinds_[m->kind];
            if (!look({k.owner, unpacked(m->id), k.hop, m->recipients})) return;
        }
    }
}

std::vector<std::pair<records::state, std::uint32_t>> standing::open_for(std::string_view document,
                                                                         std::string_view hop) const {
    std::vector<std::pair<records::state, std::uint32_t>> out;
    const auto id = packed(document);
    for (std::size_t s = 0; id && s < states; ++s) {
        const auto minute = marks_[s].find(minute_of(*id));
        if (minute == marks_[s].end()) continue;
        auto [from, to] =
            std::equal_range(minute->second.begin(), minute->second.end(), mark{.id = *id}, by_id<mark, mark>);
        for (auto m = from; m != to; ++m)
            if (m->ended == 0 && kinds_[m->kind].hop == hop)
                out.emplace_back(static_cast<records::state>(s), m->recipients);
    }
    return out;
}

result<> standing::new_entries(const records::reader& read, const std::string& organisation, place& p) {
    for (;;) {
        VANTHU_TRY(auto rows, read.list_inbox(organisation, p.last_inbox, page));
        if (rows.empty()) return {};
        for (const records::reader::listed_entry& each : rows) {
            p.last_inbox = each.sequence;
            if (!each.row) continue; // its reader is told by the API; the page shows the others
            const records::inbox_row& r = *each.row;
            auto& open = inboxes_[organisation];
            if (r.acked_at || r.cancelled_at) continue;
            open[r.sequence] = {r.id,         r.owner,           r.document,
                                r.created_at, r.fetched_at != 0, r.kind == records::document_kind::document};
            entries_of_.emplace(r.document, std::pair(organisation, r.sequence));
        }
    }
}

result<> standing::reread_entries(const records::reader& read, const std::string& document) {
    auto [at, end] = entries_of_.equal_range(document);
    while (at != end) {
        const auto& [organisation, sequence] = at->second;
        entry& e = inboxes_[organisation].at(sequence);
        VANTHU_TRY(auto row, read.inbox_entry(organisation, e.id));
        if (row && !row->acked_at && !row->cancelled_at) {
            e.fetched = row->fetched_at != 0;
            ++at;
            continue;
        }
        inboxes_[organisation].erase(sequence);
        at = entries_of_.erase(at);
    }
    return {};
}

result<> standing::refresh(const ledger::view& view, const std::vector<std::string>& owners, timestamp now) {
    const records::reader read(view);
    if (ended_from_ == 0) {
        ended_from_ = to_us(now - window);
        read_again_at_ = now + std::chrono::minutes(1); // everything is read for the first time now
    }
    for (const std::string& owner : owners) {
        place& p = places_[owner];
        if (!p.loaded) VANTHU_CHECK(load(read, owner, p));
        VANTHU_CHECK(follow(read, owner, p));
        VANTHU_CHECK(new_entries(read, owner, p));
    }
    if (ended_ > limits_.most_ended) forget_ended(now);
    // Also true when the clock stepped back by more than the pause.
    if (now < read_again_at_ && read_again_at_ - now <= std::chrono::minutes(1)) return {};
    read_again_at_ = now + std::chrono::minutes(1);
    forget_ended(now);
    VANTHU_CHECK(reread_some(read));
    std::set<std::string> with_entries;
    for (const auto& [document, where] : entries_of_) with_entries.insert(document);
    for (const std::string& document : with_entries) VANTHU_CHECK(reread_entries(read, document));
    return {};
}

} // namespace vanthu::web
