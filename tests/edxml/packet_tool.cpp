// The packet commands as a program of their own, for tests.
#include "daemon/cli/packet.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

int main(int argc, char** argv) {
    CLI::App app;
    int exit_code = 0;
    vanthu::cli::add_packet_commands(app, exit_code);
    CLI11_PARSE(app, argc, argv);
    return exit_code;
}
