// What must hold of the small world: always, and when nothing more will happen.
#include "tests/intake/recall_world.hpp"

#include <fmt/format.h>

namespace vanthu::test {

using records::recall_stand;

namespace {
std::string word(auto e) { return boost::describe::enum_to_string(e, "?"); }
} // namespace

std::string recall_world::broken_place(bool at_end) {
    const auto &here = look(0).asked, &beyond = there().asked;
    int old_in = 0, new_in = 0;
    bool old_cancelled = false, new_cancelled = false;
    for (const records::inbox_row& e : there().entries) {
        const bool old = there().of(e.document).what == 'D';
        ++(old ? old_in : new_in);
        (old ? old_cancelled : new_cancelled) = e.cancelled_at != 0;
    }
    if (old_in > 1 || new_in > 1) return "delivered twice";
    if (new_cancelled) return "the replacement is cancelled";
    const recall_stand s = here ? here->stands : recall_stand::ended, r = beyond ? beyond->stands : recall_stand::ended;
    if (here && s == recall_stand::withdrawn && old_in) return "withdrawn at the sender, in the inbox there";
    if (here && s == recall_stand::agreed && old_in && !old_cancelled) return "agreed at the sender, standing there";
    if (here && s == recall_stand::denied && old_cancelled) return "denied at the sender, cancelled there";
    int answers = 0;
    for (const held& h : look(0).documents)
        answers += h.what == 'S' && (h.document.status_code == "15" || h.document.status_code == "16");
    if (answers > 1) return "answered twice";
    if (!at_end) return {};
    if (!here || !beyond) return "no replacement on record";
    if (new_in != 1) return "the replacement did not come";
    if (records::is_open(s)) return "left open at the sender: " + word(s);
    if (records::is_open(r)) return "left open at the receiver: " + word(r);
    // Stopped on its way, which the receiver cannot know: it has answered 15 for what never comes.
    if (s == recall_stand::withdrawn ? r != recall_stand::agreed : s != r) return "the two sides differ";
    if (s == recall_stand::ended) return "ended without a reason";
    if ((r == recall_stand::agreed) != (!old_in || old_cancelled)) return "its place is not taken";
    for (std::size_t place = 0; place < places_.size(); ++place)
        for (const held& h : look(place).documents)
            for (const records::transfer_row& t : h.transfers)
                if (!records::is_final(t.state_now)) return fmt::format("{} waits at {} for ever", h.what, place);
    return {};
}

std::string recall_world::broken_stay() {
    int documents_in = 0;
    for (const records::inbox_row& e : there().entries) {
        if (e.organisation != "@xa") continue;
        if (e.cancelled_at) return "cancelled for who stays";
        documents_in += there().of(e.document).what == 'D';
    }
    if (documents_in != 1) return fmt::format("who stays has it {} times", documents_in);
    for (std::size_t place : {std::size_t(0), last()}) {
        const auto& q = look(place).update;
        if (!q) return fmt::format("no update on record at {}", place);
        if (q->stands != recall_stand::agreed) return fmt::format("the update stands {} at {}", word(q->stands), place);
    }
    return {};
}

// Of the document or its replacement, at one recipient.
std::string recall_world::broken_at(char what, const std::string& recipient, bool at_end) {
    const std::string name = fmt::format("{} {}", what, recipient);
    auto row_at = [&](const sight& s) {
        const auto at = s.rows.find(name);
        return at == s.rows.end() ? nullptr : &at->second;
    };
    int entries = 0;
    bool standing = false;
    for (const records::inbox_row& e : there().entries) {
        if (e.organisation != "@" + recipient || there().of(e.document).what != what) continue;
        ++entries;
        standing = standing || e.cancelled_at == 0;
    }
    if (entries > 1) return name + " delivered twice";
    const records::recall_row *here = row_at(look(0)), *beyond = row_at(there());
    if (here && records::took_away(*here) && standing)
        return name + " is " + word(here->stands) + " at the sender, in the inbox there";
    if (!at_end) return {};
    const records::consignment_row* mine = nullptr;
    for (const held& h : look(0).documents)
        for (const records::consignment_row& c : h.consignments)
            if (h.what == what && c.recipient == "@" + recipient) mine = &c;
    if (!mine) return what == 'D' ? name + " was never sent" : "";
    if (here && records::is_open(here->stands)) return name + " left open at the sender: " + word(here->stands);
    if (beyond && records::is_open(beyond->stands)) return name + " left open at the receiver: " + word(beyond->stands);
    const bool gone = mine->state_now == records::state::recalled || mine->last_status == "15";
    if (gone && standing) return name + " is gone on the sender's ladder, in the inbox there";
    if (!gone && !standing) return name + " is not there, and its sender is not told";
    for (const held& h : there().documents)
        for (const records::consignment_row& c : h.consignments)
            if (standing && h.what == what && c.recipient == "@" + recipient && c.last_status != mine->last_status)
                return fmt::format("{} is {} in the inbox, {} on the sender's ladder", name, c.last_status,
                                   mine->last_status);
    if (here && records::took_away(*here) != gone)
        return name + " stands " + word(here->stands) + " at the sender, against its ladder";
    // Of a recall and an update, which takes nothing away, each side keeps the one that it had last.
    if (here && beyond && here->asks != beyond->asks && (here->asks == 2 || beyond->asks == 2)) return {};
    if (here && here->stands == recall_stand::denied && !(beyond && beyond->stands == recall_stand::denied))
        return name + " denied at the sender only";
    if (here && here->stands == recall_stand::agreed && !(beyond && beyond->stands == recall_stand::agreed))
        return name + " agreed at the sender only";
    return {};
}

std::string recall_world::broken_pair(bool at_end) {
    for (const char* who : {"xa", "thon"})
        for (const char what : {'D', 'N'}) {
            if (!removes() && std::string(who) == "thon") continue;
            if (std::string wrong = broken_at(what, who, at_end); !wrong.empty()) return wrong;
        }
    for (std::size_t place = 0; at_end && place < places_.size(); ++place)
        for (const held& h : look(place).documents)
            for (const records::transfer_row& t : h.transfers)
                if (!records::is_final(t.state_now)) return fmt::format("{} waits at {} for ever", name_of(h), place);
    // What its clerk has said of an update stands on that at the sender too.
    for (const held& h : there().documents)
        for (const held& mine : look(0).documents)
            for (const records::consignment_row& c : h.consignments)
                for (const records::consignment_row& m : mine.consignments)
                    if (at_end && !removes() && h.what == 'U' && mine.what == 'U' && c.last_status != m.last_status)
                        return fmt::format("U is {} there, {} at the sender", c.last_status, m.last_status);
    return {};
}

std::string recall_world::broken(bool at_end) {
    if (is_pair()) return broken_pair(at_end);
    if (scenario_.asks.front() == request::replacement) return broken_place(at_end);
    const auto &here = look(0).asked, &beyond = there().asked;
    int documents_in = 0, requests_in = 0;
    bool registered = false, cancelled = false;
    for (const records::inbox_row& e : there().entries) {
        if (removes() && e.organisation == "@xa") continue;
        const bool asks = there().of(e.document).what != 'D';
        ++(asks ? requests_in : documents_in);
        if (asks) continue;
        registered = e.cancelled_at == 0;
        cancelled = e.cancelled_at != 0;
    }
    if (documents_in > 1 || requests_in > 1) return "delivered twice";
    const recall_stand s = here ? here->stands : recall_stand::ended, r = beyond ? beyond->stands : recall_stand::ended;
    if (here && s == recall_stand::withdrawn && documents_in) return "withdrawn at the sender, in the inbox there";
    if (here && s == recall_stand::agreed && registered) return "agreed at the sender, registered there";
    if (here && s == recall_stand::denied && cancelled) return "denied at the sender, cancelled there";
    int answers = 0;
    for (const held& h : look(0).documents)
        answers += h.what == 'S' && (!removes() || h.document.from_code == "H48.99.02") &&
                   (h.document.status_code == "15" || h.document.status_code == "16");
    if (answers > 1) return "answered twice";
    if (!at_end) return {};
    if (!here) return "no recall on record";
    if (records::is_open(s)) return "left open at the sender: " + word(s);
    if (beyond && records::is_open(r)) return "left open at the receiver: " + word(r);
    if (s == recall_stand::withdrawn && beyond) return "withdrawn at the sender, on record there";
    if ((s == recall_stand::agreed || s == recall_stand::denied) && s != r) return "the two sides differ";
    if (s == recall_stand::ended) return "ended without a reason";
    if (removes())
        if (std::string wrong = broken_stay(); !wrong.empty()) return wrong;
    for (std::size_t place = 0; place < places_.size(); ++place)
        for (const held& h : look(place).documents)
            for (const records::transfer_row& t : h.transfers)
                if (!records::is_final(t.state_now)) return fmt::format("{} waits at {} for ever", h.what, place);
    return {};
}

} // namespace vanthu::test
