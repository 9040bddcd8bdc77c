#include "daemon/api/ladder.hpp"

#include "daemon/api/deadlines.hpp"
#include "daemon/api/destination.hpp"
#include "daemon/api/recall_view.hpp"
#include "daemon/base/error_table.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <span>

namespace vanthu::api {

namespace json = boost::json;
using records::state;

namespace {

struct words {
    std::string_view key, vi, en;
};

constexpr words statuses[] = {
    {"01", "Đã đến", "Arrived"},
    {"02", "Từ chối tiếp nhận", "Refused"},
    {"03", "Đã tiếp nhận, vào sổ", "Accepted and registered"},
    {"04", "Phân công xử lý", "Assigned"},
    {"05", "Đang xử lý", "In process"},
    {"06", "Hoàn thành", "Finished"},
    {"13", "Lấy lại", "Taken back"},
    {"15", "Đồng ý thu hồi/cập nhật", "Recall or update agreed"},
    {"16", "Từ chối thu hồi/cập nhật", "Recall or update denied"},
};

constexpr words states[] = {
    {"waiting", "Chờ chuyển", "Waiting"},        {"active", "Đang chuyển", "Being sent"},
    {"deferred", "Chờ gửi lại", "Deferred"},     {"parked", "Tạm giữ", "Parked"},
    {"delivered", "Đã bàn giao", "Handed over"}, {"refused", "Bị trả lại", "Returned"},
    {"recalled", "Đã thu hồi", "Recalled"},      {"expired", "Quá hạn", "Expired"},
};

// {0}: who, {1}: code or its name, {2}: text given by the other side, {3}: that text as a time.
constexpr words event_texts[] = {
    {"accepted", "Đã nhận vào và ghi bền vững", "Taken in and kept durably"},
    {"routed", "Xếp hàng chuyển tới {1}", "Queued for {1}"},
    {"kept", "Đã đặt trong hộp đến của nơi nhận", "Kept in the recipient's inbox"},
    {"handed_over", "Đã bàn giao cho {0}, có biên nhận", "Handed over to {0}, receipt stored"},
    {"notice", "{0} báo: {1}", "{0} reports: {1}"},
    {"status", "{0}: {1}{2}", "{0}: {1}{2}"},
    {"status_from_stranger", "Trạng thái {1} từ {0}, không phải nơi nhận: chỉ lưu",
     "Status {1} from {0}, who is no recipient: kept only"},
    {"status_out_of_order", "{0}: {1}{2} (trái với trạng thái đã có: chỉ lưu)",
     "{0}: {1}{2} (contradicts what is on record: kept only)"},
    {"recall_asked", "{0} yêu cầu thu hồi: {2}", "{0} asks for it back: {2}"},
    {"recall_withdrawn", "Đã rút tại {0}, không chuyển tiếp", "Stopped at {0}, not sent on"},
    {"recall_cancelled", "{0} hủy mục trong hộp đến: eOffice chưa tiếp nhận",
     "{0} cancelled the inbox entry: the eOffice had not taken it over"},
    {"recall_first", "Yêu cầu thu hồi tới {0} trước văn bản; văn bản tới sau sẽ bị hủy",
     "The recall reached {0} before its document, which will be cancelled when it comes"},
    {"recall_needless", "Tại {0} không còn gì để thu hồi", "Nothing was left to recall at {0}"},
    {"update_asked", "{0} yêu cầu cập nhật", "{0} asks for an update"},
    {"replace_asked", "{0} thay thế bằng văn bản mới: {2}", "{0} puts a new document in its place: {2}"},
    {"replace_cancelled", "{0} hủy mục trong hộp đến: đã có văn bản thay thế",
     "{0} cancelled the inbox entry: another document has taken its place"},
    {"replace_first", "Văn bản thay thế tới {0} trước văn bản cũ {2}; văn bản cũ tới sau sẽ bị hủy",
     "The replacement reached {0} before the old document {2}, which will be cancelled when it comes"},
    {"rerouted", "Định tuyến lại theo danh bạ: {2}", "Routed again by the registry: {2}"},
    {"reconciled", "Đối soát với {0} phát hiện sai khác và đã tự sửa",
     "A difference found by comparing with {0} was repaired"},
    {"acked", "eOffice của nơi nhận đã lấy", "Taken over by the recipient's eOffice"},
    {"deferred", "Chưa gửi được tới {0}: {1}", "Not yet sent to {0}: {1}"},
    {"parked", "Tạm giữ, chờ người xử lý: {1}", "Parked until somebody acts: {1}"},
    {"returned", "{0} trả lại: {1}", "Returned by {0}: {1}"},
    {"expired", "Quá thời hạn gửi", "Time for delivery has passed"},
    {"expiry_near", "Sắp quá thời hạn gửi mà {0} chưa nhận; hết hạn lúc {3}",
     "Will expire soon, not yet taken by {0}; time is over at {3}"},
    {"refused", "Không nhận: {1}", "Not taken in: {1}"},
    {"released", "Người vận hành cho gửi lại", "Released by an operator"},
    {"sent_back", "Người vận hành trả lại nơi gửi: {2}", "Returned to the sender by an operator: {2}"},
    {"duplicate", "Nhận lại cùng văn bản, không tạo bản thứ hai", "The same document came again; no second copy"},
    {"forwarded_to_successor", "Chuyển cho cơ quan kế thừa. {2}", "Forwarded to the successor. {2}"},
};

constexpr words notice_names[] = {
    {"accepted", "đã nhận để chuyển tiếp", "taken in, to be carried on"},
    {"kept", "đã giữ cho nơi nhận", "kept for the recipient"},
    {"on_axis", "đã lên trục quốc gia", "on the national axis"},
    {"parked", "tạm giữ", "parked"},
    {"returned", "trả lại", "returned"},
    {"expired", "quá hạn", "expired"},
    {"expiring", "sắp quá thời hạn gửi", "will expire soon"},
    {"released", "cho gửi lại", "released"},
    {"recalled", "đã rút lại theo yêu cầu thu hồi", "stopped as its sender asked"},
};

// Why the registry held a recipient back: reasons, no errors of a table.
constexpr words held[] = {
    {"registry.unknown_organisation", "Không có cơ quan nào mang mã này trong danh bạ.",
     "No organisation of the registry has this code."},
    {"registry.closed_no_successor", "Cơ quan nhận đã ngừng hoạt động và không có cơ quan kế thừa.",
     "The recipient is closed and has no successor."},
    {"registry.closed_several_successors", "Cơ quan nhận đã tách; cần văn thư chọn cơ quan kế thừa.",
     "The recipient was split; the clerk must choose a successor."},
    {"registry.no_route", "Không có đường chuyển tới nơi nhận.", "There is no route to the recipient."},
    {"registry.former_node_gone",
     "Nút đã nhận văn bản này không còn trong danh bạ nên không chuyển được yêu cầu tới nơi đang giữ văn bản; không "
     "biết nơi nhận còn giữ hay không, liên hệ trực tiếp.",
     "The node that took the document is no longer in the registry, so the request cannot reach who has it; whether the "
     "recipient still has it is not known: ask it directly."},
    {"registry.would_return",
     "Theo danh bạ tại đây, đường chuyển quay lại nút vừa gửi tới; hai nút đang dùng danh bạ khác nhau, cần thống nhất.",
     "By the registry here the way leads back to the node that sent it; the two nodes have different registries: make "
     "them agree."},
};

template <std::size_t N> std::string look_up(const words (&table)[N], std::string_view key, bool vietnamese) {
    for (const words& w : table)
        if (w.key == key) return std::string(vietnamese ? w.vi : w.en);
    return std::string(key);
}

const error_row* row_of(std::string_view code) {
    std::size_t dot = code.find('.');
    if (dot == std::string_view::npos) return nullptr;
    for (const error_table* t : all_error_tables())
        if (t->name() == code.substr(0, dot))
            for (const error_row& r : t->rows())
                if (r.name == code.substr(dot + 1)) return &r;
    return nullptr;
}

std::string time_given(const std::string& text) {
    const auto t = from_rfc3339(text);
    return t ? time_in_vietnam(*t) : text;
}

class text_maker {
public:
    text_maker(const registry::registry& r, timestamp at) : registry_(r), at_(at) {}
    std::string who(const std::string& code) const {
        if (code.empty()) return code;
        if (const registry::node* n = registry_.find_node(code))
            if (const registry::organisation* o = registry_.find_organisation(n->organisation))
                return std::string(o->name(at_));
        if (auto r = registry_.resolve(code, at_); r.known()) return std::string(r.found->name(at_));
        return code;
    }
    std::string text(const records::event_row& e, bool vi) const {
        std::string pattern = look_up(event_texts, e.kind, vi), name = e.code;
        const bool counts = e.kind == "status" || e.kind == "status_out_of_order";
        if (counts || e.kind == "status_from_stranger")
            name = status_name(e.code, vi);
        else if (e.kind == "notice")
            name = look_up(notice_names, e.code, vi);
        else if (e.kind == "routed")
            name = who(e.code);
        else if (!e.code.empty())
            name = reason_text(e.code, vi);
        std::string given = e.text;
        if (given == status_name(e.code, true)) given.clear(); // the name as its own description
        if (counts && !given.empty()) given = " — " + given;
        if (e.kind == "notice" && !e.text.empty()) name += " (" + reason_text(e.text, vi) + ")";
        // Values come from outside: they are put in, never read as a pattern.
        std::string out;
        for (std::size_t i = 0; i < pattern.size(); ++i) {
            if (pattern.compare(i, 3, "{0}") == 0)
                out += who(e.by), i += 2;
            else if (pattern.compare(i, 3, "{1}") == 0)
                out += name, i += 2;
            else if (pattern.compare(i, 3, "{2}") == 0)
                out += given, i += 2;
            else if (pattern.compare(i, 3, "{3}") == 0)
                out += time_given(e.text), i += 2;
            else
                out += pattern[i];
        }
        return out;
    }
    json::object step(const records::event_row& e) const {
        json::object s{
            {"at", to_rfc3339(from_us(e.at))}, {"kind", e.kind}, {"code", e.code},  {"text_vi", text(e, true)},
            {"text_en", text(e, false)},       {"by", e.by},     {"proof", e.proof}};
        if (e.claimed_at) s["claimed_at"] = to_rfc3339(from_us(e.claimed_at));
        return s;
    }

private:
    const registry::registry& registry_;
    timestamp at_;
};

// The business statuses in their order. One that was never reported, though a later one was, is passed over: nobody
// waits for it any more. A refusal (02) ends the ladder after 01.
json::array rungs(const std::vector<records::event_row>& events, const std::string& recipient_code) {
    std::map<std::string, const records::event_row*> reported;
    for (const records::event_row& e : events)
        if (e.recipient == recipient_code && e.kind == "status") reported.emplace(e.code, &e);
    static constexpr std::string_view working[] = {"01", "03", "04", "05", "06"}, refused[] = {"01", "02"};
    const std::span<const std::string_view> order =
        reported.contains("02") ? std::span<const std::string_view>(refused) : working;
    std::size_t reached = order.size(); // behind the last one reported
    while (reached > 0 && !reported.contains(std::string(order[reached - 1]))) --reached;
    json::array out;
    for (std::size_t i = 0; i < order.size(); ++i) {
        auto seen = reported.find(std::string(order[i]));
        const bool there = seen != reported.end();
        out.push_back(json::object{{"code", order[i]},
                                   {"name_vi", status_name(order[i], true)},
                                   {"name_en", status_name(order[i], false)},
                                   {"state", there         ? "reached"
                                             : i < reached ? "passed_over"
                                                           : "waiting"},
                                   {"at", there ? json::value(to_rfc3339(from_us(seen->second->at))) : nullptr}});
    }
    return out;
}

// Who further on has told that it holds the document back: the last one that did.
std::string holder_beyond(const std::vector<records::event_row>& events, const records::consignment_row& c) {
    for (auto e = events.rbegin(); e != events.rend(); ++e)
        if (e->recipient == c.recipient_code && e->kind == "notice" && e->code == "parked") return e->by;
    return {};
}

std::string refused_text(const std::vector<records::event_row>& events, const records::consignment_row& c, bool vi) {
    std::string reason;
    for (const records::event_row& e : events)
        if (e.recipient == c.recipient_code && e.kind == "status" && e.code == "02") reason = e.text;
    return vi ? fmt::format("Nơi nhận từ chối tiếp nhận (02): “{}”. Sửa theo lý do đó rồi gửi lại.", reason)
              : fmt::format("The recipient refused it (02): “{}”. Mend that and send it again.", reason);
}

// Of a transfer that waits for its next attempt; nullopt: not known.
std::optional<unsigned> attempts_left(const records::transfer_row* t, const ladder_context& context) {
    if (!t || t->state_now != state::deferred || context.attempts == 0) return std::nullopt;
    return context.attempts - std::min(t->attempts, context.attempts);
}

std::string next_attempt_text(const records::transfer_row& t, const ladder_context& context, bool vi) {
    const std::string when = time_in_vietnam(from_us(t.next_attempt_at));
    const auto left = attempts_left(&t, context);
    const std::string of_them = !left ? "" : vi ? fmt::format(", còn {} lần", *left) : fmt::format(", {} left", *left);
    return vi ? fmt::format(" Gửi lại lúc {} (đã thử {} lần{}).", when, t.attempts, of_them)
              : fmt::format(" Next attempt at {} ({} so far{}).", when, t.attempts, of_them);
}

// One sentence: whose side, reason, what to do, when again. `holder`: where beyond it is held back, if it is.
std::string why(const records::consignment_row& c, const records::transfer_row* t, const text_maker& words,
                const delivery::flow_standing* trouble, const std::string& holder, const ladder_context& context,
                bool vi) {
    if (trouble) return trouble_text(*trouble, words.who(c.hop), vi);
    switch (c.state_now) {
    case state::waiting:
    case state::active:
        return vi ? fmt::format("Đang xếp hàng để chuyển tới {}.", words.who(c.hop))
                  : fmt::format("Queued for {}.", words.who(c.hop));
    case state::deferred:
        return (vi ? fmt::format("Chưa chuyển được tới {}: {} {}", words.who(c.hop), reason_text(c.reason, vi),
                                 reason_action(c.reason, vi))
                   : fmt::format("Not yet taken by {}: {} {}", words.who(c.hop), reason_text(c.reason, vi),
                                 reason_action(c.reason, vi))) +
               (t ? next_attempt_text(*t, context, vi) : "");
    case state::parked:
        return vi ? fmt::format("Tạm giữ tại đây: {} {}", reason_text(c.reason, vi), reason_action(c.reason, vi))
                  : fmt::format("Parked here: {} {}", reason_text(c.reason, vi), reason_action(c.reason, vi));
    case state::refused:
        return vi ? fmt::format("Bị trả lại: {} {}", reason_text(c.reason, vi), reason_action(c.reason, vi))
                  : fmt::format("Returned: {} {}", reason_text(c.reason, vi), reason_action(c.reason, vi));
    case state::expired:
        return reason_text("delivery.expired", vi) + " " + reason_action("delivery.expired", vi);
    case state::delivered:
        if (!c.reason.empty())
            return vi ? fmt::format("Đang tạm giữ tại {}: {} Liên hệ nơi đó.", words.who(holder),
                                    reason_text(c.reason, vi))
                      : fmt::format("Held at {}: {} Ask there.", words.who(holder), reason_text(c.reason, vi));
        if (c.last_status.empty() &&
            context.now > context.office.days.after(from_us(c.updated_at), context.office.not_fetched_after))
            return vi ? "Đã tới cửa nơi nhận nhưng eOffice của nơi nhận chưa lấy; liên hệ văn thư nơi nhận."
                      : "At the receiver's door, not fetched by its eOffice; call the receiver's clerk.";
        return {};
    case state::recalled:
        return {};
    }
    return {};
}

} // namespace

std::string status_name(std::string_view code, bool vietnamese) { return look_up(statuses, code, vietnamese); }
std::string state_name(state s, bool vietnamese) {
    return look_up(states, boost::describe::enum_to_string(s, "unknown"), vietnamese);
}
bool is_known_reason(std::string_view code) {
    return row_of(code) || std::ranges::any_of(held, [&](const words& w) { return w.key == code; });
}
std::string reason_text(std::string_view code, bool vietnamese) {
    if (const error_row* r = row_of(code)) return std::string(vietnamese ? r->message_vi : r->message_en);
    for (const words& w : held)
        if (w.key == code) return std::string(vietnamese ? w.vi : w.en);
    // A later version's code, or another system's.
    return vietnamese ? fmt::format("Nơi đó báo mã lỗi {} mà hệ thống này không biết.", code)
                      : fmt::format("The other side named the code {}, which is not known here.", code);
}
std::string reason_action(std::string_view code, bool vietnamese) {
    if (const error_row* r = row_of(code)) return std::string(vietnamese ? r->action_vi : r->action_en);
    for (const words& w : held)
        if (w.key == code) return {}; // the text says it all
    return vietnamese ? "Liên hệ nơi đó và nêu mã lỗi này." : "Ask the other side and name this code.";
}

json::object document_json(const records::document_row& d) {
    json::object o{{"id", d.id},
                   {"kind", boost::describe::enum_to_string(d.kind, "unknown")},
                   {"from", json::object{{"code", d.from_code}, {"name", d.from_name}}},
                   {"to", json::array(d.to_codes.begin(), d.to_codes.end())},
                   {"document_id", d.identity.document_id},
                   {"number", d.identity.number},
                   {"notation", d.identity.notation},
                   {"date", d.identity.date},
                   {"business_type", d.identity.business_type},
                   {"type_name", d.type_name},
                   {"subject", d.subject},
                   {"signer", d.signer},
                   {"due_date", d.due_date},
                   {"priority", d.priority},
                   {"received_at", to_rfc3339(from_us(d.received_at))},
                   {"packet_sha256", d.packet_sha256.hex()},
                   {"content_sha256", d.content_sha256.hex()},
                   {"size", d.size},
                   {"signatures", d.signatures},
                   {"origin", d.origin_verdict},
                   {"came_from", d.previous_node},
                   {"flags", json::array(d.flags.begin(), d.flags.end())}};
    if (!d.target.empty()) o["speaks_of"] = d.target;
    if (!d.target.empty() || !d.replaces.empty()) o["reason"] = d.reason;
    boost::system::error_code ec;
    if (!d.attachments.empty()) o["attachments"] = json::parse(d.attachments, ec);
    if (!d.signature_report.empty()) o["signature_report"] = json::parse(d.signature_report, ec);
    if (d.kind == records::document_kind::status)
        o["status"] = json::object{{"code", d.status_code},
                                   {"name_vi", status_name(d.status_code, true)},
                                   {"name_en", status_name(d.status_code, false)},
                                   {"description", d.status_description},
                                   {"about", d.about},
                                   {"at", d.status_time ? to_rfc3339(from_us(d.status_time)) : ""}};
    return o;
}

result<json::object> ladder(const records::reader& read, const records::document_row& d,
                            const ladder_context& context) {
    VANTHU_TRY(auto consignments, read.consignments(d.owner, d.id));
    VANTHU_TRY(auto events, read.events_of(d.owner, d.id));
    VANTHU_TRY(auto transfers, read.transfers(d.owner, d.id));
    text_maker words(context.registry, context.now);
    json::array recipients, of_document;
    kept_times asked_kept;
    for (const records::event_row& e : events)
        if (e.recipient.empty()) of_document.push_back(words.step(e));
    for (const records::consignment_row& c : consignments) {
        const records::transfer_row* t = nullptr;
        for (const records::transfer_row& each : transfers)
            if (each.node == c.hop) t = &each;
        json::array steps;
        for (const records::event_row& e : events)
            if (e.recipient == c.recipient_code) steps.push_back(words.step(e));
        std::optional<delivery::flow_standing> trouble;
        if (t && context.trouble && (c.state_now == state::waiting || c.state_now == state::deferred))
            trouble = context.trouble(c.hop);
        if (trouble && trouble->is == delivery::flow_standing::stand::no_documents && d.identity.business_type != 0)
            trouble.reset(); // a recall goes all the same
        const delivery::flow_standing* in_the_way = trouble ? &*trouble : nullptr;
        const std::string holder = holder_beyond(events, c);
        json::object r{{"code", c.recipient_code},
                       {"name", c.recipient_name},
                       {"state", boost::describe::enum_to_string(c.state_now, "unknown")},
                       {"state_vi", state_name(c.state_now, true)},
                       {"state_en", state_name(c.state_now, false)},
                       {"hop", c.hop},
                       {"reason", c.reason},
                       {"why_vi", why(c, t, words, in_the_way, holder, context, true)},
                       {"why_en", why(c, t, words, in_the_way, holder, context, false)},
                       {"attempts", t ? t->attempts : 0u},
                       {"last_status", c.last_status},
                       {"last_status_vi", c.last_status.empty() ? "" : status_name(c.last_status, true)},
                       {"last_status_en", c.last_status.empty() ? "" : status_name(c.last_status, false)},
                       {"deadlines", deadlines(d, c, events, context.office, context.now)},
                       {"rungs", rungs(events, c.recipient_code)},
                       {"steps", std::move(steps)}};
        VANTHU_TRY(auto asked, add_conversations(r, read, d, c, context, asked_kept));
        if (!asked && r.at("why_vi").as_string().empty()) // an update explains what nothing else does
            if (const json::value* update = r.if_contains("update")) asked = update->as_object();
        if (!asked && c.state_now == state::delivered && c.last_status == "02") {
            r["why_vi"] = refused_text(events, c, true);
            r["why_en"] = refused_text(events, c, false);
        }
        if (asked) {
            r["why_vi"] = asked->at("text_vi");
            r["why_en"] = asked->at("text_en");
        }
        if (t && t->state_now == state::deferred) r["next_attempt_at"] = to_rfc3339(from_us(t->next_attempt_at));
        if (const auto left = attempts_left(t, context)) r["attempts_left"] = *left;
        if (trouble) {
            r["destination"] = destination_json(*trouble, words.who(c.hop));
            if (trouble->next) r["next_attempt_at"] = to_rfc3339(from_us(std::max(trouble->next, t->next_attempt_at)));
        }
        recipients.push_back(std::move(r));
    }
    return json::object{{"schema_version", 1},
                        {"document", document_json(d)},
                        {"recipients", std::move(recipients)},
                        {"events_of_document", std::move(of_document)}};
}

} // namespace vanthu::api
