#include "daemon/cli/voice.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/cli/packet_files.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

namespace vanthu::cli {

namespace json = boost::json;

void add_voice_options(CLI::App& command, voice& v) {
    command.add_flag("--json", v.as_json, "Kết quả dạng JSON / answer as JSON");
    command.add_option("--lang", v.language, "Ngôn ngữ / language: vi, en")->check(CLI::IsMember({"vi", "en"}));
}

void print(const json::object& o) { fmt::print("{}\n", json_for_terminal(json::serialize(o))); }

int tell(const json::object& error, const voice& v) {
    if (v.as_json) {
        print(error);
        return refused;
    }
    auto text = [&](const char* name) {
        const json::value* value = error.if_contains(name);
        return value && value->is_string() ? for_terminal(std::string_view(value->get_string())) : std::string();
    };
    std::string message = text(v.vietnamese() ? "message_vi" : "message_en");
    if (message.empty()) message = text(v.vietnamese() ? "message_en" : "message_vi");
    if (message.empty())
        message = v("Máy chủ trả về một mã lỗi không kèm lời giải thích; báo người vận hành mã này.",
                    "The server named a code without a text; tell its operator this code.");
    fmt::print(stderr, "{}: {}\n", text("code"), message);
    if (std::string cause = text("cause"); !cause.empty()) fmt::print(stderr, "  ({})\n", cause);
    if (std::string action = text(v.vietnamese() ? "action_vi" : "action_en"); !action.empty())
        fmt::print(stderr, "  → {}\n", action);
    return refused;
}

int tell(const failure& f, const voice& v) { return tell(f, v, {}); }

int tell(const failure& f, const voice& v, const json::object& more) {
    const error_row* row = describe(f.code);
    json::object all{{"schema_version", 1},
                     {"code", public_code(f.code)},
                     {"message_vi", row ? row->message_vi : "Lỗi nội bộ."},
                     {"message_en", row ? row->message_en : "Internal error."},
                     {"cause", f.detail},
                     {"action_vi", row ? row->action_vi : ""},
                     {"action_en", row ? row->action_en : ""},
                     {"retryable", transient(f.code)},
                     {"next_attempt_at", nullptr}};
    for (const auto& member : more) all.insert(member);
    tell(all, v);
    if (f.code == files::errc::not_found || f.code == files::errc::unreadable || f.code == errc::directory_given ||
        f.code == errc::input_not_a_file || f.code == errc::trust_folder_missing ||
        f.code == errc::not_a_store_directory)
        return unreadable;
    if (f.code == errc::daemon_not_running) return no_server;
    if (!row) return internal;
    return std::string_view(f.code.category().name()) == "net" && transient(f.code) ? no_server : refused;
}

} // namespace vanthu::cli
