#include "daemon/web/standing.hpp"

namespace vanthu::web {

namespace {
bool counts(const records::consignment_row& c, std::int64_t oldest) {
    return !records::is_final(c.state_now) || c.updated_at >= oldest;
}
constexpr std::size_t page = 1000;
} // namespace

void standing::keep(const std::string& owner, const records::consignment_row& c, std::int64_t oldest) {
    if (!counts(c, oldest)) return;
    open_document& d = documents_[c.document];
    d.owner = owner;
    d.parts.push_back({c.recipient_code, c.hop, c.reason, c.state_now, c.updated_at});
}

result<> standing::load(const records::reader& read, const std::string& owner, place& p, std::int64_t oldest) {
    // The mark first: what changes while the rows are read is then read again by follow().
    VANTHU_TRY(p.last_event, read.last_event(owner));
    std::erase_if(documents_, [&](const auto& d) { return d.second.owner == owner; });
    VANTHU_CHECK(read.each_consignment(owner, [&](const records::consignment_row& c) { keep(owner, c, oldest); }));
    p.loaded = true;
    return {};
}

result<> standing::reread(const records::reader& read, const std::string& owner, const std::string& document,
                          std::int64_t oldest) {
    VANTHU_TRY(auto rows, read.consignments(owner, document));
    documents_.erase(document);
    for (const records::consignment_row& c : rows) keep(owner, c, oldest);
    return {};
}

result<> standing::follow(const records::reader& read, const std::string& owner, place& p, std::int64_t oldest) {
    for (;;) {
        VANTHU_TRY(auto events, read.events_after(owner, p.last_event, page));
        std::set<std::string> touched;
        for (const records::event_row& e : events)
            if (!e.document.empty()) touched.insert(e.document);
        for (const std::string& document : touched) {
            VANTHU_CHECK(reread(read, owner, document, oldest));
            VANTHU_CHECK(reread_entries(read, document));
        }
        if (events.empty()) return {};
        p.last_event = events.back().sequence;
    }
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
            open[r.sequence] = {r.id, r.owner, r.document, r.created_at, r.fetched_at != 0};
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
    const std::int64_t oldest = to_us(now - window);
    for (const std::string& owner : owners) {
        place& p = places_[owner];
        if (!p.loaded) VANTHU_CHECK(load(read, owner, p, oldest));
        VANTHU_CHECK(follow(read, owner, p, oldest));
        VANTHU_CHECK(new_entries(read, owner, p));
    }
    // Also true when the clock stepped back by more than the pause.
    if (now < read_again_at_ && read_again_at_ - now <= std::chrono::minutes(1)) return {};
    read_again_at_ = now + std::chrono::minutes(1);
    std::vector<std::pair<std::string, std::string>> all; // owner, document
    for (const auto& [id, d] : documents_) all.emplace_back(d.owner, id);
    for (const auto& [owner, id] : all) VANTHU_CHECK(reread(read, owner, id, oldest));
    std::set<std::string> with_entries;
    for (const auto& [document, where] : entries_of_) with_entries.insert(document);
    for (const std::string& document : with_entries) VANTHU_CHECK(reread_entries(read, document));
    return {};
}

} // namespace vanthu::web
