#include "daemon/cli/registry_plan.hpp"

#include "daemon/base/files.hpp"
#include "daemon/cli/connection.hpp"
#include "daemon/cli/exchange.hpp"
#include "daemon/cli/operator_door.hpp"
#include "daemon/cli/packet_files.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <memory>

namespace vanthu::cli {
namespace {

namespace json = boost::json;
constexpr std::size_t largest_file = 8u << 20;

struct options {
    operator_options to;
    voice say;
    std::string file;
};

std::string_view becomes(std::string_view word, const voice& say) {
    if (word == "closed") return say("đã chấm dứt hoạt động", "closed");
    if (word == "elsewhere") return say("do nút khác phục vụ", "served by another node");
    if (word == "changed") return say("nút có thay đổi", "the node has changed");
    return say("không còn trong danh bạ", "no longer in the registry");
}

void show(const json::object& o, const voice& say) {
    auto number = [](const json::object& of, const char* name) { return of.at(name).to_number<std::uint64_t>(); };
    auto each = [](const json::object& of, const char* name, auto line) {
        for (const json::value& v : of.at(name).as_array()) line(v);
    };
    fmt::print(fmt::runtime(say("Danh bạ phiên bản {} → {}: {}\n", "Registry version {} → {}: {}\n")),
               number(o, "version_now"), number(o, "version"),
               o.at("would_be_taken").as_bool() ? say("nạp lại sẽ được chấp nhận", "a reload would take it")
                                                : say("nạp lại sẽ BỊ TỪ CHỐI", "a reload would REFUSE it"));
    if (o.at("version_not_raised").as_bool())
        fmt::print("  {}\n", say("Chưa tăng “version”.", "The version is not raised."));
    each(o, "removed", [&](const json::value& v) {
        fmt::print("  {}: {}\n", for_terminal(std::string(v.as_string())),
                   say("không xóa cơ quan, hãy ghi ngày “to”", "organisations are closed with `to`, not removed"));
    });
    each(o, "routes", [](const json::value& v) {
        const json::object& c = v.as_object();
        fmt::print("  {}: {} → {}\n", for_terminal(text_in(c, "code")), for_terminal(text_in(c, "before")),
                   for_terminal(text_in(c, "after")));
    });
    const json::object& held = o.at("held").as_object();
    fmt::print(fmt::runtime(say("Đang tạm giữ: {} lượt sẽ được gửi đi, {} lượt vẫn chờ\n",
                                "Held here: {} would go on, {} would still wait\n")),
               number(held, "placed"), number(held, "still_held"));
    each(held, "leaving", [&](const json::value& v) {
        const json::object& p = v.as_object();
        const std::string name = text_in(p, "organisation_name"), hold = text_in(p, "held");
        fmt::print("  {} {} → {}{}{}\n", for_terminal(text_in(p, "number")), for_terminal(text_in(p, "recipient_code")),
                   for_terminal(name.empty() ? text_in(p, "route") : name + " (" + text_in(p, "route") + ")"),
                   hold.empty() ? "" : say("; chờ người vận hành: ", "; waits for an operator: "), for_terminal(hold));
    });
    each(o, "queues", [&](const json::value& v) {
        const json::object& q = v.as_object();
        fmt::print(fmt::runtime(say("Hàng chờ tới {}: {} lượt; {}\n", "Queue to {}: {} transfers; {}\n")),
                   for_terminal(text_in(q, "node")), number(q, "waiting"), becomes(text_in(q, "becomes"), say));
    });
    each(o, "inboxes", [&](const json::value& v) {
        const json::object& i = v.as_object();
        fmt::print(fmt::runtime(say("Hộp đến của {}: {} mục chưa nhận; cơ quan {}\n",
                                    "Inbox of {}: {} entries not taken over; the organisation is {}\n")),
                   for_terminal(text_in(i, "name")), number(i, "unacknowledged"), becomes(text_in(i, "becomes"), say));
    });
}

int plan(const options& o) {
    auto text = read_text_file(o.file, largest_file);
    if (!text) return tell(text.error(), o.say);
    auto door = operator_connection::open(o.to);
    if (!door) return tell(door.error(), o.say);
    auto told = json_of((*door)->post("/api/registry/dry-run", std::move(*text)), o.say);
    if (!told) return told.error();
    const bool taken = told->at("would_be_taken").as_bool();
    if (o.say.as_json)
        print(*told);
    else
        show(*told, o.say);
    return taken ? done : refused;
}

} // namespace

void add_registry_plan(CLI::App& registry, int& exit_code) {
    auto o = std::make_shared<options>();
    CLI::App* c = registry.add_subcommand(
        "plan", "Dịch vụ đang chạy sẽ làm gì với tệp mới / what the running daemon would do with a new file");
    c->add_option("NEW", o->file, "Tệp mới / new file")->required();
    add_operator_options(*c, o->to);
    add_voice_options(*c, o->say);
    c->callback([o, &exit_code] { exit_code = plan(*o); });
}

} // namespace vanthu::cli
