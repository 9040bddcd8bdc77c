// The commands over the REST API of a daemon: send, recall, replace, update, inbox, get, ack, status, track, organisations.
// docs/cli.md is their reference, docs/api.md the API's.
#pragma once

#include "daemon/base/clock.hpp"
#include "daemon/cli/connection.hpp"

namespace vanthu::cli {

struct exchange_options {
    connection_options to;
    voice say;
    std::vector<std::string> files; // send: META.json FILE... or PACKET.edxml; replace: META.json FILE...
    std::string idempotency_key, receipt_file, trust;
    bool dry_run = false;
    unsigned retries = 4;
    std::string organisation, instance, id, packet_out, directory, code, description;
    std::vector<std::string> to_codes;                // recall
    std::vector<std::string> add_codes, remove_codes; // update
    std::string verb;                                 // replace, update: the last part of the path
    std::uint64_t after = 0, since = 0, limit = 1000;
    unsigned wait = 0;
    bool follow = false, watch = false;
};

void add_exchange_commands(CLI::App& app, int& exit_code);

// Each answers the exit code; what it says is printed.
int send(const exchange_options& o, connection& server); // with an id: in the place of that document
int inbox(const exchange_options& o, connection& server);
int get(const exchange_options& o, connection& server);
int track(const exchange_options& o, connection& server);
int recall(const exchange_options& o, connection& server);
int update(const exchange_options& o, connection& server); // with files: send()

// What an answer holds under a name; "" or nullptr where it does not.
std::string text_in(const boost::json::object& o, const char* name);
const boost::json::object* object_in(const boost::json::object& o, const char* name);
const boost::json::array* array_in(const boost::json::object& o, const char* name);
// In Viet Nam: 15/07/2025 16:20:05, in English 2025-07-15 16:20:05. Everywhere the same width.
std::string shown_time(timestamp at, const voice& say);
// 15/UBND-VP, or the document id where there is no number.
std::string reference_of(const boost::json::object& document);

} // namespace vanthu::cli
