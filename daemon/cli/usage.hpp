// A wrong command line told in Vietnamese, with CLI11's own English sentence beside it. Used by `vanthu` and `vanthud`.
#pragma once

#include "daemon/cli/voice.hpp"

#include <string>

namespace CLI {
class App;
} // namespace CLI

namespace vanthu::cli {

// The labels of the help pages and the words for a wrong command line. Call it when all commands are there.
void speak_both_languages(CLI::App& app);

// True: the command line is right and the callbacks have run. False: `code` is the program's exit code, `done` after
// --help or --version, otherwise `usage`, with the reason on standard error.
bool parse_command_line(CLI::App& app, int argc, char** argv, int& code);

// "thiếu FILE." for the sentence "FILE is required"; `kind` is CLI11's name of the error. Empty: no words of our own.
std::string vietnamese_usage_error(const std::string& kind, const std::string& sentence);

} // namespace vanthu::cli
