#include "tests/sim/script.hpp"

#include "daemon/base/files.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <set>

namespace vanthu::sim {
namespace {

namespace json = boost::json;

const std::set<std::string, std::less<>> answers{"cut_before_taking",
                                                 "cut_in_body",
                                                 "cut_after_taking",
                                                 "cut_in_answer",
                                                 "silence",
                                                 "slow",
                                                 "status_500",
                                                 "status_503",
                                                 "status_429",
                                                 "status_400",
                                                 "garbage_http",
                                                 "garbage_json",
                                                 "oversize_headers",
                                                 "offset_beyond",
                                                 "junk_known",
                                                 "receipt_other_hash",
                                                 "receipt_other_origin",
                                                 "receipt_bad_signature",
                                                 "receipt_missing_recipient",
                                                 "receipt_without_proof",
                                                 "ack_too_low",
                                                 "other_question",
                                                 "never_sent",
                                                 "other_order",
                                                 "pages_backwards",
                                                 "same_page",
                                                 "small_pages",
                                                 "not_known",
                                                 "other_content",
                                                 "recipient_left_out",
                                                 "other_recipient",
                                                 "second_entry",
                                                 "no_entry",
                                                 "status_ahead",
                                                 "says_recalled",
                                                 "says_parked",
                                                 "stand_twice",
                                                 "left_out",
                                                 "listed_twice",
                                                 "listed_other_hash"};
const std::set<std::string, std::less<>> calls{
    "duplicate",   "duplicate_at_once", "reset_in_body",    "cut_before_answer", "wrong_hash",   "wrong_size",
    "no_manifest", "slow_body",         "oversize_headers", "garbage_http",      "new_envelope", "storm"};

result<std::vector<rule>> rules_of(const json::object& in, std::string_view name,
                                   const std::set<std::string, std::less<>>& known) {
    std::vector<rule> out;
    const json::value* list = in.if_contains(name);
    if (!list) return out;
    if (!list->is_array()) return failed(files::errc::unreadable, std::string(name));
    for (const json::value& each : list->get_array()) {
        if (!each.is_object()) return failed(files::errc::unreadable, std::string(name));
        rule r;
        for (const auto& [key, v] : each.get_object()) {
            if (key == "fault" && v.is_string())
                r.fault = v.get_string();
            else if (key == "at" && v.is_string())
                r.at = v.get_string();
            else if (key == "kind" && v.is_string())
                r.kind = v.get_string();
            else if (key == "share" && v.is_number())
                r.share = v.to_number<double>();
            else if (key == "attempts" && v.is_int64())
                r.attempts = unsigned(v.get_int64());
            else if (key == "value" && v.is_int64() && v.get_int64() >= 0)
                r.value = std::uint64_t(v.get_int64());
            else
                return failed(files::errc::unreadable, fmt::format("{}: {}", name, std::string_view(key)));
        }
        if (!known.contains(r.fault)) return failed(files::errc::unreadable, "no such fault: " + r.fault);
        if (r.at.empty() || r.share < 0 || r.share > 1)
            return failed(files::errc::unreadable, r.fault + ": \"at\" and a \"share\" from 0 to 1");
        out.push_back(std::move(r));
    }
    return out;
}

} // namespace

result<script> script::load(const std::filesystem::path& path) {
    VANTHU_TRY(std::string text, read_text_file(path, 1u << 20));
    boost::system::error_code ec;
    json::value v = json::parse(text, ec);
    if (ec || !v.is_object()) return failed(files::errc::unreadable, path.string() + ": no JSON object");
    const json::object& top = v.get_object();
    script out;
    VANTHU_TRY(out.answering, rules_of(top, "answering", answers));
    if (const auto* calling = top.if_contains("calling"); calling && calling->is_object()) {
        const json::object& c = calling->get_object();
        VANTHU_TRY(out.calling, rules_of(c, "faults", calls));
        if (const auto* n = c.if_contains("documents"); n && n->is_int64())
            out.documents = std::uint64_t(n->get_int64());
        if (const auto* n = c.if_contains("pause_ms"); n && n->is_int64()) out.pause_ms = std::uint64_t(n->get_int64());
        if (const auto* s = c.if_contains("statuses"); s && s->is_string()) out.statuses = s->get_string();
    }
    return out;
}

std::uint64_t number_for(std::uint64_t seed, std::string_view key, std::string_view what, std::uint64_t n) {
    const digest d = sha256::of(fmt::format("{}|{}|{}|{}", seed, key, what, n));
    std::uint64_t out = 0;
    for (int i = 0; i < 8; ++i) out = out << 8 | d.value[std::size_t(i)];
    return out;
}

const rule* decide(const std::vector<rule>& rules, std::uint64_t seed, std::string_view key, std::string_view step,
                   std::string_view kind, unsigned attempt) {
    double drawn = double(number_for(seed, key, step, attempt) >> 11) / double(1ull << 53);
    for (const rule& r : rules) {
        if (r.at != step || (!r.kind.empty() && r.kind != kind)) continue;
        if (drawn < r.share) return attempt <= r.attempts ? &r : nullptr;
        drawn -= r.share;
    }
    return nullptr;
}

} // namespace vanthu::sim
