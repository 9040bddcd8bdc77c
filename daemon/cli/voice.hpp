// How the commands of `vanthu` speak: language, JSON, exit codes, and a failure told in the one error object.
#pragma once

#include "daemon/base/failure.hpp"

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace vanthu::cli {

// Of the program. Source: sysexits.h for 64 and above.
enum exit_code : int { done = 0, refused = 1, usage = 64, unreadable = 66, no_server = 69, internal = 70 };

struct voice {
    std::string language = "vi";
    bool as_json = false;
    bool vietnamese() const { return language != "en"; }
    std::string_view operator()(std::string_view vi, std::string_view en) const { return vietnamese() ? vi : en; }
};

// The flags --json and --lang of a command.
void add_voice_options(CLI::App& command, voice& v);
// The public code, what happened and what to do: to standard error, or with --json as the error object to standard
// output. Answers the exit code: `unreadable` for a file that cannot be read or is none, `no_server` where nobody
// answered, otherwise `refused`.
int tell(const failure& f, const voice& v);
// The same with more members in the object of --json.
int tell(const failure& f, const voice& v, const boost::json::object& more);
// An error object that a server answered.
int tell(const boost::json::object& error, const voice& v);
// One line of JSON on standard output.
void print(const boost::json::object& o);

} // namespace vanthu::cli
