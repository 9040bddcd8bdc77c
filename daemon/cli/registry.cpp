#include "daemon/cli/registry.hpp"

#include "daemon/cli/packet_files.hpp"
#include "daemon/cli/voice.hpp"
#include "daemon/registry/registry.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <memory>

namespace vanthu::cli {
namespace {

namespace json = boost::json;
using registry::organisation;
constexpr int good = 0, held = 3;

struct options {
    std::string file, other_file, code, node, day;
    voice say;
    timestamp at;
};

json::object as_json(const organisation& o, timestamp at) {
    json::object out{{"id", o.id}, {"name", o.name(at)}, {"closed", o.closed(at)}};
    if (const registry::dated_code* code = o.preferred_code(at)) out["code"] = code->code;
    return out;
}

std::string as_line(const organisation& o, timestamp at, const voice& say) {
    const registry::dated_code* code = o.preferred_code(at);
    return fmt::format("{}  {}  {}{}", o.id, code ? code->code : "-", o.name(at),
                       o.closed(at) ? say("  (đã chấm dứt hoạt động)", "  (closed)") : "");
}

int check(const registry::registry& r, const options& o) {
    std::vector<registry::remark> remarks = r.remarks(o.at);
    if (o.say.as_json) {
        json::array list;
        for (const registry::remark& m : remarks)
            list.push_back(json::object{{"line", m.line}, {"text_vi", m.text_vi}, {"text_en", m.text_en}});
        print({{"schema_version", 1},
               {"version", r.version()},
               {"sha256", r.sha256().hex()},
               {"organisations", r.organisations().size()},
               {"nodes", r.nodes().size()},
               {"remarks", std::move(list)}});
        return good;
    }
    for (const registry::remark& m : remarks)
        fmt::print("{}:{}: {}\n", for_terminal(o.file), m.line, for_terminal(o.say(m.text_vi, m.text_en)));
    fmt::print(fmt::runtime(o.say("Hợp lệ: phiên bản {}, {} cơ quan, {} nút, sha256 {}\n",
                                  "Valid: version {}, {} organisations, {} nodes, sha256 {}\n")),
               r.version(), r.organisations().size(), r.nodes().size(), r.sha256().hex());
    return good;
}

int resolve(const registry::registry& r, const options& o) {
    registry::resolution found = r.resolve(o.code, o.at);
    registry::current_holder holder;
    if (found.known()) holder = r.current(*found.found, o.at);
    if (o.say.as_json) {
        json::array current;
        for (const organisation* c : holder.organisations) current.push_back(as_json(*c, o.at));
        print({{"schema_version", 1},
               {"code", registry::trimmed(o.code)},
               {"shape", to_string(found.shape)},
               {"known", found.known()},
               {"code_retired", found.code_retired},
               {"organisation", found.known() ? json::value(as_json(*found.found, o.at)) : json::value(nullptr)},
               {"current", std::move(current)}});
    } else if (!found.known()) {
        fmt::print("{}: {} ({})\n", o.say("Không có trong danh bạ", "Unknown"), for_terminal(registry::trimmed(o.code)),
                   to_string(found.shape));
    } else {
        fmt::print("{}\n", for_terminal(as_line(*found.found, o.at, o.say)));
        if (found.code_retired)
            fmt::print("  {}: {}\n", o.say("mã không còn hiệu lực", "this code is retired"),
                       for_terminal(found.by->code));
        for (const organisation* c : holder.organisations)
            if (c != found.found) fmt::print("  → {}\n", for_terminal(as_line(*c, o.at, o.say)));
    }
    return found.known() ? good : held;
}

int route(const registry::registry& r, const options& o) {
    registry::route_decision d = r.route(o.node, o.code, o.at);
    if (o.say.as_json) {
        json::array candidates;
        for (const organisation* c : d.candidates) candidates.push_back(as_json(*c, o.at));
        print({{"schema_version", 1},
               {"kind", to_string(d.kind)},
               {"reason", to_string(d.reason)},
               {"node", d.next ? json::value(d.next->id) : json::value(nullptr)},
               {"organisation", d.final ? json::value(as_json(*d.final, o.at)) : json::value(nullptr)},
               {"forwarded_from", d.forwarded_from},
               {"candidates", std::move(candidates)},
               {"note_vi", d.note_vi},
               {"note_en", d.note_en}});
    } else {
        fmt::print("{}\n", for_terminal(brief(d)));
        if (!d.note_vi.empty()) fmt::print("  {}\n", for_terminal(o.say(d.note_vi, d.note_en)));
        for (const organisation* c : d.candidates) fmt::print("  ? {}\n", for_terminal(as_line(*c, o.at, o.say)));
    }
    return d.kind == registry::route_kind::held ? held : good;
}

int compare(const registry::registry& before, const registry::registry& after, const options& o) {
    registry::difference d = diff(before, after, o.node, o.at);
    auto list = [](const std::vector<std::string>& ids) { return json::array(ids.begin(), ids.end()); };
    if (o.say.as_json) {
        json::array routes;
        for (const registry::route_change& c : d.routes)
            routes.push_back(json::object{{"code", c.code}, {"before", c.before}, {"after", c.after}});
        print({{"schema_version", 1},
               {"identical", d.identical},
               {"version_not_raised", d.version_not_raised},
               {"added", list(d.added)},
               {"removed", list(d.removed)},
               {"changed", list(d.changed)},
               {"nodes_changed", list(d.nodes_changed)},
               {"routes", std::move(routes)}});
    } else {
        for (const auto& [ids, sign] :
             {std::pair(&d.added, '+'), std::pair(&d.removed, '-'), std::pair(&d.changed, '~')})
            for (const std::string& id : *ids)
                fmt::print("{} {} {}\n", sign, o.say("cơ quan", "organisation"), for_terminal(id));
        for (const std::string& id : d.nodes_changed) fmt::print("~ {} {}\n", o.say("nút", "node"), for_terminal(id));
        for (const registry::route_change& c : d.routes)
            fmt::print("{}: {} → {}\n", for_terminal(c.code), for_terminal(c.before), for_terminal(c.after));
        if (!d.removed.empty())
            fmt::print("{}\n", o.say("Không xóa cơ quan, hãy ghi ngày “to”.",
                                     "Organisations are closed with `to`, not removed."));
        if (d.version_not_raised)
            fmt::print("{}: {} → {}\n", o.say("Chưa tăng “version”", "The version is not raised"), before.version(),
                       after.version());
        if (d.identical) fmt::print("{}\n", o.say("Hai tệp giống hệt nhau.", "The files are identical."));
    }
    return d.version_not_raised || !d.removed.empty() ? refused : good;
}

// Noon in Viet Nam of the day asked for, or now.
bool read_day(options& o) {
    if (o.day.empty()) {
        o.at = system_clock().now();
        return true;
    }
    std::optional<timestamp> at = from_rfc3339(o.day + "T12:00:00+07:00");
    if (at)
        o.at = *at;
    else
        fmt::print(stderr, "--at {}: {}\n", for_terminal(o.day),
                   o.say("ngày phải có dạng 2025-07-01", "a day looks like 2025-07-01"));
    return at.has_value();
}

using answer = int (*)(const registry::registry&, const options&);

int with_file(const options& given, answer then) {
    options o = given;
    if (!read_day(o)) return refused;
    result<registry::registry> r = registry::registry::load(o.file);
    if (!r) return tell(r.error(), o.say);
    if (!o.node.empty() && !r->find_node(o.node)) {
        fmt::print(stderr, "{}: {} \"{}\"\n", for_terminal(o.file), o.say("không có nút", "there is no node"),
                   for_terminal(o.node));
        return refused;
    }
    return then(*r, o);
}

int compare_files(const options& o) {
    result<registry::registry> after = registry::registry::load(o.other_file);
    if (!after) return tell(after.error(), o.say);
    options with = o;
    if (!read_day(with)) return refused;
    result<registry::registry> before = registry::registry::load(o.file);
    return before ? compare(*before, *after, with) : tell(before.error(), o.say);
}

} // namespace

void add_registry_commands(CLI::App& app, int& exit_code) {
    CLI::App* top = app.add_subcommand("registry", "Hỏi một tệp danh bạ / questions about a registry file");
    top->require_subcommand(1);
    auto o = std::make_shared<options>(); // lives as long as the callbacks that hold it
    auto command = [&](const char* name, const char* help) {
        CLI::App* c = top->add_subcommand(name, help);
        c->add_option("FILE", o->file, "Tệp danh bạ / registry file")->required();
        c->add_option("--at", o->day, "Ngày, mặc định hôm nay / day, today by default (2025-07-01)");
        add_voice_options(*c, o->say);
        return c;
    };
    CLI::App* c = command("check", "Kiểm tra tệp / check a file");
    c->callback([o, &exit_code] { exit_code = with_file(*o, check); });
    c = command("resolve", "Tra một mã định danh / look a code up");
    c->add_option("CODE", o->code, "Mã định danh / code")->required();
    c->callback([o, &exit_code] { exit_code = with_file(*o, resolve); });
    c = command("route", "Đường đi của gói tin / the way of a packet");
    c->add_option("CODE", o->code, "Mã nơi nhận / recipient's code")->required();
    c->add_option("--node", o->node, "Nhìn từ nút này / seen from this node")->required();
    c->callback([o, &exit_code] { exit_code = with_file(*o, route); });
    c = command("diff", "So sánh trước khi nạp lại / compare before a reload");
    c->add_option("NEW", o->other_file, "Tệp mới / new file")->required();
    c->add_option("--node", o->node, "Nhìn từ nút này / seen from this node")->required();
    c->callback([o, &exit_code] { exit_code = compare_files(*o); });
}

} // namespace vanthu::cli
