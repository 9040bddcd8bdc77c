#include "daemon/cli/reconcile.hpp"

#include "daemon/cli/connection.hpp"
#include "daemon/cli/exchange.hpp"
#include "daemon/cli/operator_door.hpp"
#include "daemon/cli/packet_files.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <memory>
#include <thread>

namespace vanthu::cli {
namespace {

namespace json = boost::json;
constexpr int differences = 3; // something was found that is not repaired

struct options {
    operator_options to;
    voice say;
    std::string node, since, until;
    bool no_repair = false, last = false;
};

std::uint64_t number_in(const json::object& o, const char* name) {
    const json::value* v = o.if_contains(name);
    boost::system::error_code ec;
    const auto n = v ? v->to_number<std::uint64_t>(ec) : 0;
    return ec ? 0 : n;
}

// A day of Viet Nam, or a time.
std::optional<std::string> time_of(const std::string& text) {
    auto at = from_rfc3339(text.size() == 10 ? text + "T00:00:00+07:00" : text);
    return at ? std::optional(to_rfc3339(*at)) : std::nullopt;
}

// What came of the last time it was begun; a vanthud of an earlier version names only that.
json::object last_try_of(const json::object& report) {
    const json::value* v = report.if_contains("last_try");
    return v && v->is_object() ? v->get_object() : report;
}

// As the office's clock shows it, as in the other commands.
std::string local_time(const json::object& o, const char* name, const voice& say) {
    const std::string text = text_in(o, name);
    const auto at = from_rfc3339(text);
    return at ? shown_time(*at, say) : for_terminal(text);
}

void show(const json::object& r, const voice& say) {
    fmt::print("{} ({})\n", for_terminal(text_in(r, "name")), for_terminal(text_in(r, "node")));
    const json::object last = last_try_of(r);
    if (text_in(last, "outcome") == "cannot_compare")
        return fmt::print("  {}\n", say("Không đối soát được: phần mềm bên kia chưa hỗ trợ.",
                                        "Cannot be compared: the other side's software does not know how."));
    if (text_in(last, "outcome") != "done") {
        fmt::print("  {} ({}): {} {}\n", say("KHÔNG đối soát xong", "NOT compared to the end"),
                   local_time(last, "ended_at", say), for_terminal(text_in(last, "code")),
                   for_terminal(text_in(last, "cause")));
        if (const std::string text = text_in(last, say("text_vi", "text_en").data()); !text.empty())
            fmt::print("    {}\n", for_terminal(text));
        if (text_in(r, "outcome") == "done")
            fmt::print("  {} ({}):\n", say("Lượt xong gần nhất", "The last that came to its end"),
                       local_time(r, "ended_at", say));
    }
    fmt::print(fmt::runtime(say("  Đã so {} gói tin gửi đi, {} gói tin bên kia khai; sai khác {}, đã sửa {}\n",
                                "  Compared {} packets sent, {} listed there; differences {}, repaired {}\n")),
               number_in(r, "packets"), number_in(r, "listed_there"), number_in(r, "found"), number_in(r, "repaired"));
    if (const json::value* only = r.if_contains("only_changes"); only && only->is_bool() && only->get_bool())
        fmt::print("  {}\n", say("Chỉ so những gói tin chưa lượt nào xác nhận và những gì bên kia nhận từ lượt trước.",
                                 "Only what no comparison had confirmed, and what arrived there since the last one."));
    const json::array* findings = array_in(r, "findings");
    for (const json::value& v : findings ? *findings : json::array())
        if (const json::object* f = v.if_object())
            fmt::print("  - {}\n", for_terminal(text_in(*f, say.vietnamese() ? "text_vi" : "text_en")));
}

int reconcile(const options& o) {
    json::object body{{"repair", !o.no_repair}};
    if (!o.node.empty()) body["node"] = o.node;
    for (auto [name, text] : {std::pair("from", &o.since), std::pair("to", &o.until)}) {
        if (text->empty()) continue;
        auto at = time_of(*text);
        if (!at) {
            fmt::print(stderr, "{}: {}\n", for_terminal(*text),
                       o.say("thời điểm phải có dạng 2025-07-01 hoặc 2025-07-01T08:00:00+07:00",
                             "a time looks like 2025-07-01 or 2025-07-01T08:00:00+07:00"));
            return usage;
        }
        body[name] = *at;
    }
    auto door = operator_connection::open(o.to);
    if (!door) return tell(door.error(), o.say);
    std::vector<std::string> started;
    std::optional<timestamp> since; // what was begun by this call has not started earlier
    if (!o.last) {
        auto begun = json_of((*door)->post("/api/reconcile", json::serialize(body)), o.say);
        if (!begun) return begun.error();
        since = from_rfc3339(text_in(*begun, "now"));
        if (const json::array* all = array_in(*begun, "started"))
            for (const json::value& v : *all)
                if (v.is_string()) started.emplace_back(v.get_string());
    }
    auto listed = [](const json::array* all, const std::string& node) {
        return all &&
               std::ranges::any_of(*all, [&](const json::value& v) { return v.is_string() && v.get_string() == node; });
    };
    std::expected<json::object, int> answer;
    for (;;) {
        answer = json_of((*door)->get("/api/reconcile"), o.say);
        if (!answer) return answer.error();
        const json::array* running = array_in(*answer, "running");
        if (std::ranges::none_of(started, [&](const std::string& node) { return listed(running, node); })) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
    // Those asked for now; with --last all, or one.
    bool open = false;
    json::array kept;
    const json::array* reports = array_in(*answer, "reports");
    for (const json::value& v : reports ? *reports : json::array()) {
        const json::object* r = v.if_object();
        if (!r) continue;
        const std::string node = text_in(*r, "node");
        const bool wanted =
            o.last ? o.node.empty() || o.node == node : std::ranges::find(started, node) != started.end();
        if (!wanted) continue;
        const json::object last = last_try_of(*r);
        const auto at = from_rfc3339(text_in(last, "started_at"));
        if (since && (!at || *at < *since)) continue; // an older one: this one's could not be stored
        std::erase(started, node);
        open = open || text_in(last, "outcome") == "failed" || number_in(*r, "found") > number_in(*r, "repaired");
        kept.push_back(v);
    }
    for (const std::string& node : started) {
        open = true;
        fmt::print(stderr, "{}: {}\n", for_terminal(node),
                   o.say("đối soát xong nhưng không có báo cáo; xem nhật ký của vanthud",
                         "compared, but there is no report; see vanthud's log"));
    }
    if (o.say.as_json)
        print({{"schema_version", 1}, {"reports", std::move(kept)}});
    else
        for (const json::value& v : kept) show(v.get_object(), o.say);
    if (kept.empty() && started.empty() && !o.say.as_json)
        fmt::print("{}\n", o.say("Không có nút nào để đối soát.", "There is no node to compare with."));
    return open ? differences : done;
}

} // namespace

void add_reconcile_command(CLI::App& app, int& exit_code) {
    CLI::App* c = app.add_subcommand("reconcile", "Đối soát với các nút khác / compare records with other nodes");
    auto o = std::make_shared<options>();
    c->add_option("--node", o->node, "Chỉ nút này / this node only");
    c->add_option("--since", o->since, "Từ thời điểm / since: 2025-07-01");
    c->add_option("--until", o->until, "Đến thời điểm / until: 2025-07-31");
    c->add_flag("--no-repair", o->no_repair, "Chỉ liệt kê, không sửa / list only, repair nothing");
    c->add_flag("--last", o->last, "Chỉ xem báo cáo gần nhất / show the last reports only");
    add_operator_options(*c, o->to);
    add_voice_options(*c, o->say);
    c->callback([o, &exit_code] { exit_code = reconcile(*o); });
}

} // namespace vanthu::cli
