#include "daemon/cli/usage.hpp"

#include "daemon/cli/packet_files.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace vanthu::cli {
namespace {

constexpr const char* options_label = "Tùy chọn / Options";
constexpr const char* commands_label = "Lệnh / Commands";

std::string before(const std::string& text, std::string_view mark) { return text.substr(0, text.find(mark)); }
std::string after(const std::string& text, std::string_view mark) {
    const std::size_t at = text.find(mark);
    return at == text.npos ? text : text.substr(at + mark.size());
}

std::string usage_message(const CLI::App* app, const CLI::Error& e) {
    std::string name = app->get_name();
    while (!app->get_subcommands().empty()) { // the command that was being read
        app = app->get_subcommands().front();
        name += " " + app->get_name();
    }
    std::string en = e.what(), vi = vietnamese_usage_error(e.get_name(), en);
    if (const auto unknown = app->remaining(); unknown.size() > 1 && en.starts_with("The following arguments")) {
        en = before(en, ": ") + ":"; // CLI11 lists them from the last to the first
        for (const std::string& one : unknown) en += " " + one;
        vi = vietnamese_usage_error(e.get_name(), en);
    }
    // CLI11 misses a command where there is one that it does not know.
    if (const auto unknown = app->remaining(); !unknown.empty() && en.ends_with("subcommand is required")) {
        vi = fmt::format("không có lệnh này: {}.", unknown.front());
        en = fmt::format("There is no such command: {}", unknown.front());
    }
    return fmt::format("{}: {}\n  ({})\n  → Xem cách dùng / see the usage: {} --help\n", name,
                       for_terminal(vi.empty() ? "dòng lệnh không đúng." : vi), for_terminal(en), name);
}

void group_under(CLI::App& app) {
    if (CLI::Option* help = app.get_help_ptr()) help->group(options_label);
    for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        command->group(commands_label);
        group_under(*command);
    }
}

} // namespace

std::string vietnamese_usage_error(const std::string& kind, const std::string& sentence) {
    if (sentence.starts_with("The following argument")) // under the command's name instead of a kind
        return fmt::format("không có tùy chọn hoặc lệnh này: {}.", after(sentence, ": "));
    if (kind == "RequiredError") {
        if (sentence.ends_with("subcommand is required")) return "thiếu lệnh.";
        if (sentence.ends_with(" is required")) return fmt::format("thiếu {}.", before(sentence, " is required"));
    }
    if (kind == "ArgumentMismatch") return fmt::format("{}: thiếu hoặc thừa giá trị.", before(sentence, ":"));
    if (kind == "ConversionError")
        return fmt::format("giá trị không đọc được: {}.", after(sentence, "Could not convert: "));
    if (kind == "ValidationError") return fmt::format("{}: giá trị không được phép.", before(sentence, ": "));
    if (kind == "ExcludesError")
        return fmt::format("không dùng {} cùng với {}.", before(sentence, " excludes "), after(sentence, " excludes "));
    if (kind == "RequiresError")
        return fmt::format("{} phải đi cùng {}.", before(sentence, " requires "), after(sentence, " requires "));
    return {};
}

void speak_both_languages(CLI::App& app) {
    auto words = app.get_formatter();
    for (auto [key, text] : {std::pair("Usage", "Cách dùng / Usage"),
                             {"OPTIONS", "TÙY CHỌN / OPTIONS"},
                             {"SUBCOMMAND", "LỆNH / COMMAND"},
                             {"SUBCOMMANDS", "LỆNH / COMMANDS"},
                             {"Subcommands", "Lệnh / Commands"},
                             {"Subcommand", "Lệnh / Command"},
                             {"Options", options_label},
                             {"Positionals", "Tham số / Arguments"},
                             {"REQUIRED", "(bắt buộc / required)"},
                             {"Needs", "cần / needs"},
                             {"Excludes", "không cùng / not with"},
                             {"Env", "biến / env"}})
        words->label(key, text);
    group_under(app);
    app.failure_message(usage_message);
}

bool parse_command_line(CLI::App& app, int argc, char** argv, int& code) {
    try {
        app.parse(argc, argv);
        return true;
    } catch (const CLI::ParseError& e) {
        code = app.exit(e) == 0 ? done : usage; // 0: --help, --version
        return false;
    }
}

} // namespace vanthu::cli
