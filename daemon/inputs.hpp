// What the configuration names and lies in files of its own - registry, calendar, credentials, secrets, trust - read and
// checked: for the start, for `vanthud --check-config` and for a reload. Reads only; nothing of the daemon exists yet.
#pragma once

#include "daemon/api/eoffice.hpp"
#include "daemon/base/secret.hpp"
#include "daemon/calendar/duties.hpp"
#include "daemon/config_table.hpp"
#include "daemon/registry/registry.hpp"
#include "signing/validation/process.hpp"

namespace vanthu::start {

// Refuses, beside what parse() refuses, a registry that does not know this node, names another organisation as the one
// that runs it, or lets it serve nobody.
result<std::shared_ptr<const registry::registry>> load_registry(const daemon_config&);
// The ids of the open organisations that this node serves now. The registry alone says it.
std::vector<std::string> served(const daemon_config&, const registry::registry&);
// rule_file::errc, files::errc.
result<std::shared_ptr<const calendar::office>> load_calendar(const daemon_config&);
// A log line where this year's holidays are not in the calendar that comes into use.
void warn_of_missing_year(const daemon_config&, const calendar::office&);
result<std::shared_ptr<const api::credentials>> load_credentials(const daemon_config&);
result<secret> operator_secret(const daemon_config&); // empty: none configured
result<x509::evidence> known_revocations(const daemon_config&);
// `with_timestamp`: what policy.timestamp said at the start; a reload does not take over another.
result<validation::policy> verification_policy(const daemon_config&, bool with_timestamp);

// All that can be found wrong before anything is made, each once; the first about a key stands for what follows from
// it. With a config and no problems the registry is there too.
struct examination {
    std::optional<daemon_config> config;
    std::shared_ptr<const registry::registry> registry;
    config::problems found;
};
examination examine(const std::filesystem::path& file);
// Can the store's directory be made and written to, by who runs this? Leaves nothing behind.
config::problems examine_store(const daemon_config&, const std::filesystem::path& file);

} // namespace vanthu::start
