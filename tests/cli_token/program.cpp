// `vanthu` with the token commands alone, for by_hand.py.
#include "daemon/cli/token.hpp"
#include "daemon/cli/usage.hpp"

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
    CLI::App app("vanthu", "vanthu");
    int exit_code = vanthu::cli::done, wrong = vanthu::cli::done;
    vanthu::cli::add_token_commands(app, exit_code);
    if (!vanthu::cli::parse_command_line(app, argc, argv, wrong)) return wrong;
    return exit_code;
}
