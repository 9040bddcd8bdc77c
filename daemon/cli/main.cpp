// vanthu: the program beside the daemon. Each group of commands is a library of this folder.
#include "daemon/cli/backup.hpp"
#include "daemon/cli/bench.hpp"
#include "daemon/cli/exchange.hpp"
#include "daemon/cli/fsck.hpp"
#include "daemon/cli/keys.hpp"
#include "daemon/cli/output.hpp"
#include "daemon/cli/packet.hpp"
#include "daemon/cli/packet_files.hpp"
#include "daemon/cli/reconcile.hpp"
#include "daemon/cli/registry.hpp"
#include "daemon/cli/registry_plan.hpp"
#include "daemon/cli/restore.hpp"
#include "daemon/cli/usage.hpp"
#include "daemon/cli/verify_receipt.hpp"
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
#include <cstdio>
#include <iostream>

namespace cli = vanthu::cli;

namespace {

int run(int argc, char** argv) try {
    CLI::App app("vanthu — văn thư điện tử: ký, gửi, nhận, theo dõi văn bản\n"
                 "the electronic records clerk: sign, send, receive and follow documents",
                 "vanthu");
    app.option_defaults()->group("Tùy chọn / Options"); // handed down too
    app.set_version_flag("--version", "vanthu " VANTHU_VERSION, "In phiên bản / print the version");
    app.set_help_flag("-h,--help", "In hướng dẫn / print this help");
    app.require_subcommand(1);
    int exit_code = cli::done;
    cli::add_exchange_commands(app, exit_code);
    cli::add_packet_commands(app, exit_code);
    cli::add_verify_receipt_command(app, exit_code);
    cli::add_registry_commands(app, exit_code);
    cli::add_registry_plan(*app.get_subcommand("registry"), exit_code);
    cli::add_reconcile_command(app, exit_code);
    cli::add_backup_command(app, exit_code);
    cli::add_restore_command(app, exit_code);
    cli::add_fsck_command(app, exit_code);
    cli::add_key_commands(app, exit_code);
    cli::add_bench_commands(app, exit_code);
#ifdef VANTHU_WITH_SIGN
    cli::add_sign_command(app, exit_code);
    cli::add_extend_command(app, exit_code);
#endif
#ifdef VANTHU_WITH_VERIFY
    cli::add_verify_command(app, exit_code);
#endif
#ifdef VANTHU_WITH_TOKEN
    cli::add_token_commands(app, exit_code);
#endif
    cli::speak_both_languages(app);
    int wrong = cli::done;
    if (!cli::parse_command_line(app, argc, argv, wrong)) return wrong;
    return exit_code;
} catch (const std::exception& e) {
    if (std::ferror(stdout)) return cli::internal; // what could not be printed; main() tells it
    std::cerr << "vanthu: lỗi nội bộ / internal error: " << cli::for_terminal(e.what()) << '\n';
    return cli::internal;
}

} // namespace

int main(int argc, char** argv) {
    cli::keep_standard_streams();
    return cli::exit_code_with_output(run(argc, argv));
}
