#include "daemon/api/deadlines.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <fmt/format.h>

namespace vanthu::api {

namespace json = boost::json;
using calendar::duty;
using calendar::standing;

namespace {

struct words {
    std::string_view vi, en;
};
constexpr words duties[] = {{"Gửi đi", "Sent"},
                            {"Báo đã đến (01)", "Arrival told (01)"},
                            {"Vào sổ (03)", "Registered (03)"},
                            {"Trả lời yêu cầu của bên gửi (15, 16)", "Sender's request answered (15, 16)"},
                            {"Giải quyết xong theo hạn trả lời (06)", "Dealt with by the due date (06)"}};
constexpr words standings[] = {{"còn hạn", "in time"},
                               {"sắp hết hạn", "due soon"},
                               {"đã quá hạn", "overdue"},
                               {"đúng hạn", "done in time"},
                               {"trễ hạn", "done late"}};

template <class Is> std::optional<timestamp> first_of(const std::vector<records::event_row>& events, Is is) {
    auto found = std::ranges::find_if(events, is);
    if (found == events.end()) return std::nullopt;
    // What another side says about its own time counts when it is no later than the news of it.
    const std::int64_t at = found->claimed_at > 0 && found->claimed_at < found->at ? found->claimed_at : found->at;
    return from_us(at);
}

} // namespace

bool tells_kept(const records::event_row& e) {
    return e.kind == "kept" || ((e.kind == "notice" || e.kind == "handed_over") && e.code == "kept");
}

namespace {

// A recall or update that its recipient answers with 15 or 16; what an update is to one whom it adds is a document.
bool wants_answer(const records::document_row& d, bool asked_back) { return !d.target.empty() && asked_back; }

std::optional<timestamp> due_date(const records::document_row& d, const calendar::office& office) {
    const auto day = from_edxml_date(d.due_date);
    if (!day || !day->ok()) return std::nullopt;
    return replied_by(office.days, *day);
}

} // namespace

json::object deadline(duty what, timestamp by, std::optional<timestamp> done, const calendar::office& office,
                      timestamp now) {
    const standing stand = stands(office.days, office.margins, by, done, now);
    const words &name = duties[static_cast<int>(what)], &state = standings[static_cast<int>(stand)];
    return {{"duty", boost::describe::enum_to_string(what, "unknown")},
            {"by", to_rfc3339(by)},
            {"state", boost::describe::enum_to_string(stand, "unknown")},
            {"done_at", done ? json::value(to_rfc3339(*done)) : nullptr},
            {"text_vi", fmt::format("{} trước {}: {}.", name.vi, time_in_vietnam(by), state.vi)},
            {"text_en", fmt::format("{} by {}: {}.", name.en, time_in_vietnam(by), state.en)}};
}

std::string time_in_vietnam(timestamp t) {
    const std::string text = to_edxml_time(t);
    return text.substr(8, 2) + "/" + text.substr(5, 2) + "/" + text.substr(0, 4) + text.substr(10);
}

json::array deadlines(const records::document_row& d, const records::consignment_row& c,
                      const std::vector<records::event_row>& events, const calendar::office& office, timestamp now) {
    json::array out;
    if (d.kind != records::document_kind::document) return out;
    const bool urgent = d.priority > 0;
    const bool request = wants_answer(d, c.asked_back);
    const bool ended = c.state_now == records::state::refused || c.state_now == records::state::recalled ||
                       c.state_now == records::state::expired || c.last_status == "13" ||
                       (c.last_status == "15" && !request); // taken back: its recipient agreed
    auto of_recipient = [&](const records::event_row& e) { return e.recipient == c.recipient_code; };
    auto add = [&](duty what, timestamp by, std::optional<timestamp> done) {
        if (!done && ended) return;
        out.push_back(deadline(what, by, done, office, now));
    };
    if (d.previous_node.empty()) {
        auto left = first_of(
            events, [&](const auto& e) { return of_recipient(e) && (e.kind == "handed_over" || e.kind == "kept"); });
        add(duty::sent,
            send_by(office.days, office.margins, from_edxml_date(d.identity.date), from_us(d.received_at), urgent),
            left);
    }
    auto kept = first_of(events, [&](const auto& e) { return of_recipient(e) && tells_kept(e); });
    if (!kept) return out;
    auto told = [&](std::string_view from, std::string_view to) {
        return first_of(events, [&](const auto& e) {
            return of_recipient(e) && e.kind == "status" && e.code >= from && e.code <= to;
        });
    };
    add(duty::arrived, arrived_by(office.days, *kept), told("01", "06"));
    if (request) return out;
    add(duty::registered, registered_by(office.days, office.margins, *kept, urgent), told("02", "06"));
    if (const auto by = due_date(d, office); by && c.last_status != "02") add(duty::replied, *by, told("06", "06"));
    return out;
}

json::array entry_deadlines(const records::inbox_row& e, const records::document_row& d,
                            const records::consignment_row* c, const calendar::office& office, timestamp now) {
    json::array out;
    if (e.kind != records::document_kind::document || e.cancelled_at) return out;
    auto told = [&](std::string_view from, std::string_view to) {
        auto is = [&](std::string_view code) { return code >= from && code <= to; };
        return is(e.last_status) || (c && std::ranges::any_of(c->statuses, is, &records::status_seen::code));
    };
    auto add = [&](duty what, timestamp by) { out.push_back(deadline(what, by, std::nullopt, office, now)); };
    const timestamp kept = from_us(e.created_at);
    if (!e.acked_at && !told("01", "06")) add(duty::arrived, arrived_by(office.days, kept));
    if (wants_answer(d, e.asked_back && c && c->asked_back)) return out;
    if (!told("02", "06")) add(duty::registered, registered_by(office.days, office.margins, kept, d.priority > 0));
    if (const auto by = due_date(d, office); by && !told("02", "02") && !told("06", "06")) add(duty::replied, *by);
    return out;
}

} // namespace vanthu::api
