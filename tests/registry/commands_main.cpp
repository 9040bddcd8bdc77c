#include "daemon/cli/registry.hpp"

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
    CLI::App app("vanthu");
    int exit_code = 0;
    vanthu::cli::add_registry_commands(app, exit_code);
    CLI11_PARSE(app, argc, argv);
    return exit_code;
}
