// vanthu: the program beside the daemon. Each group of commands is a library of this folder.
#include "daemon/cli/bench.hpp"
#include "daemon/cli/exchange.hpp"
#include "daemon/cli/keys.hpp"
#include "daemon/cli/packet.hpp"
#include "daemon/cli/registry.hpp"
#include "daemon/cli/verify_receipt.hpp"
#include "daemon/cli/voice.hpp"
#ifdef VANTHU_WITH_SIGN
#include "daemon/cli/sign.hpp"
#endif
#ifdef VANTHU_WITH_VERIFY
#include "daemon/cli/verify.hpp"
#endif
#ifdef VANTHU_WITH_TOKEN
#include "daemon/cli/token.hpp"
#endif

#include <CLI/CLI.hpp>
#include <iostream>

namespace cli = vanthu::cli;

int main(int argc, char** argv) try {
    CLI::App app("vanthu — văn thư điện tử: ký, gửi, nhận, theo dõi văn bản\n"
                 "the electronic records clerk: sign, send, receive and follow documents",
                 "vanthu");
    app.option_defaults()->group("Tùy chọn / Options"); // handed down too
    app.set_version_flag("--version", "vanthu " VANTHU_VERSION, "In phiên bản / print the version");
    app.set_help_flag("-h,--help", "In hướng dẫn / print this help");
    app.require_subcommand(1);
    auto words = app.get_formatter(); // handed down to the commands
    for (auto [key, text] : {std::pair("Usage", "Cách dùng / Usage"),
                             {"OPTIONS", "TÙY CHỌN / OPTIONS"},
                             {"Subcommands", "Lệnh / Commands"},
                             {"Subcommand", "Lệnh / Command"},
                             {"Options", "Tùy chọn / Options"},
                             {"Positionals", "Tham số / Arguments"},
                             {"REQUIRED", "(bắt buộc / required)"},
                             {"Env", "biến / env"}})
        words->label(key, text);
    int exit_code = cli::done;
    cli::add_exchange_commands(app, exit_code);
    cli::add_packet_commands(app, exit_code);
    cli::add_verify_receipt_command(app, exit_code);
    cli::add_registry_commands(app, exit_code);
    cli::add_key_commands(app, exit_code);
    cli::add_bench_commands(app, exit_code);
#ifdef VANTHU_WITH_SIGN
    cli::add_sign_command(app, exit_code, cli::post_to_tsa);
#endif
#ifdef VANTHU_WITH_VERIFY
    cli::add_verify_command(app, exit_code);
#endif
#ifdef VANTHU_WITH_TOKEN
    cli::add_token_commands(app, exit_code);
#endif
    for (CLI::App* command : app.get_subcommands({})) {
        command->group("Lệnh / Commands");
        for (CLI::App* below : command->get_subcommands({})) below->group("Lệnh / Commands");
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? cli::done : cli::usage; // 0: --help, --version
    }
    return exit_code;
} catch (const std::exception& e) {
    std::cerr << "vanthu: lỗi nội bộ / internal error: " << e.what() << '\n';
    return cli::internal;
}
