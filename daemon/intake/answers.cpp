#include "daemon/intake/answers.hpp"

#include "daemon/records/recalls.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace vanthu::intake {

using edxml::bussiness_type;
using records::document_row;
using records::recall_row;

namespace {

constexpr std::string_view answers = " (trả lời yêu cầu ", sent = " gửi lúc ", end = ")", by = " bằng ";
constexpr std::size_t longest_description = 500;

struct word {
    bussiness_type asks;
    std::string_view text;
};
constexpr std::array<word, 3> words{{{bussiness_type::recall, "thu hồi"},
                                     {bussiness_type::update, "cập nhật"},
                                     {bussiness_type::replace, "thay thế"}}};

// As a packet carries it.
std::int64_t whole_seconds(std::int64_t us) { return to_us(std::chrono::floor<std::chrono::seconds>(from_us(us))); }

} // namespace

bool named_request::is(const document_row& d) const {
    return d.sent_at != 0 && d.identity.business_type == int(asks) && whole_seconds(d.sent_at) == sent_at &&
           (asks != bussiness_type::replace || d.identity.document_id == replacement);
}

std::optional<named_request> request_named_in(std::string_view description) {
    const std::size_t begin = description.rfind(answers);
    if (begin == description.npos || !description.ends_with(end)) return std::nullopt;
    std::string_view said = description.substr(begin + answers.size());
    said.remove_suffix(end.size());
    const std::size_t time = said.rfind(sent);
    if (time == said.npos) return std::nullopt;
    const auto at = edxml::packet_time::parse(said.substr(time + sent.size())).value;
    std::string_view what = said.substr(0, time);
    for (const word& each : words) {
        if (!at || !what.starts_with(each.text)) continue;
        named_request out{each.asks, {}, whole_seconds(to_us(*at))};
        what.remove_prefix(each.text.size());
        if (each.asks == bussiness_type::replace && what.starts_with(by)) out.replacement = what.substr(by.size());
        const bool whole = each.asks == bussiness_type::replace ? !out.replacement.empty() : what.empty();
        return whole ? std::optional(std::move(out)) : std::nullopt;
    }
    return std::nullopt;
}

std::string with_request(std::string description, bussiness_type type, const std::string& document_id,
                         std::int64_t sent_at) {
    const auto* as = std::ranges::find(words, type, &word::asks);
    const bool replaces = type == bussiness_type::replace;
    if (as == words.end() || sent_at == 0 || (replaces && document_id.empty())) return description;
    const std::string named =
        fmt::format("{}{}{}{}{}{}{}", description, answers, as->text, replaces ? std::string(by) + document_id : "",
                    sent, edxml::packet_time::of(from_us(sent_at)).text, end);
    const auto characters =
        std::ranges::count_if(named, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    return static_cast<std::size_t>(characters) <= longest_description ? named : description;
}

result<bool> is_answered_with(const records::reader& read, const document_row& on, const recall_row& q) {
    if (q.asks == int(bussiness_type::update)) return false;
    if (!q.document.empty()) {
        VANTHU_TRY(auto of, read.document_alone(q.owner, q.document));
        if (of && on.sent_at != 0 && of->sent_at > on.sent_at) return false; // came later under the same DocumentId
    }
    VANTHU_TRY(auto request, read.document_alone(q.recall_owner, q.recall));
    return !request || request->replaces.size() < 2;
}

result<std::optional<document_row>> request_answered(const records::reader& read, const std::string& home,
                                                     const document_row& on, const records::consignment_row& mine) {
    using found = std::optional<document_row>;
    const std::string& issuer = on.identity.issuer;
    const int type = on.identity.business_type;
    auto asker = [&](const recall_row& q) -> result<found> { return read.document(q.recall_owner, q.recall); };
    if (type == int(bussiness_type::recall) || (type == int(bussiness_type::update) && mine.asked_back)) {
        VANTHU_TRY(auto q, read.recall(home, issuer, on.target, mine.recipient));
        if (!q || q->recall == on.id || !records::is_open(q->stands)) return found(on);
        VANTHU_TRY(const bool both, is_answered_with(read, on, *q));
        return both ? asker(*q) : result<found>(on);
    }
    for (const records::replaced_row& each : on.replaces) {
        VANTHU_TRY(auto q, records::asked_by(read, home, on, each.document_id, mine));
        if (q && records::is_open(q->stands)) return found(on);
    }
    VANTHU_TRY(auto q, read.recall(home, issuer, on.identity.document_id, mine.recipient));
    const bool replaces = type == int(bussiness_type::replace);
    if (q && q->document == on.id && (!replaces || records::is_open(q->stands))) return asker(*q);
    return replaces ? found(on) : found();
}

} // namespace vanthu::intake
