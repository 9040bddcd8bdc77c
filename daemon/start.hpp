// From configuration to objects: the one place that turns daemon_config into the plain values each part takes, reads
// the key files, and knows what a reload may change. Used by main.cpp only.
#pragma once

#include "adapters/peer/receiver.hpp"
#include "daemon/api/eoffice.hpp"
#include "daemon/base/log.hpp"
#include "daemon/base/metrics.hpp"
#include "daemon/config_table.hpp"
#include "daemon/delivery/engine.hpp"
#include "daemon/intake/pressure.hpp"
#include "daemon/intake/rerouting.hpp"
#include "daemon/net/server.hpp"
#include "daemon/reconciliation/rounds.hpp"
#include "daemon/web/door.hpp"

#include <optional>

namespace vanthu::start {

log::settings log_settings(const daemon_config&);
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

result<std::unique_ptr<ledger::store>> open_store(const daemon_config&, std::function<void(const failure&)> on_fatal);
void report_recovery(const ledger::store&); // a log line for what was found
result<std::unique_ptr<ledger::receipt_log>> open_receipt_log(const ledger::store&, const daemon_config&);
// Empty pointer: inspection is switched off.
result<std::unique_ptr<inspect::inspector_pool>> start_inspectors(const daemon_config&);
result<intake::gate_options> gate_options(const daemon_config&, const std::string& home);
result<receipt::trust_anchors> peer_anchors(const daemon_config&);
delivery::engine_options engine_options(const daemon_config&, const std::string& home);
reconciliation::round_options round_options(const daemon_config&, const std::string& home);
api::eoffice_options eoffice_options(const daemon_config&, const std::string& home);
result<peer_link::receiver_options> receiver_options(const daemon_config&, const std::string& home);
result<web::operator_door_options> door_options(const daemon_config&, const std::string& home);
result<secret> operator_secret(const daemon_config&); // empty: none configured

net::listener_options api_listener(const daemon_config&);
net::listener_options peer_listener(const daemon_config&, const peer_link::receiver&);
net::listener_options operator_listener(const daemon_config&);
void count_answers(intake::gate&, metrics::registry&);
// Free space and spool, read when the metrics page is asked for. `spool` and the registry must outlive each other's
// use.
intake::pressure_marks pressure_marks(const daemon_config&);
void watch_disk(const daemon_config&, const ledger::spool&, metrics::registry&);
void count_requests(net::listener_options&, std::string_view door, metrics::registry&);

// SIGHUP: registry, calendar, credentials, certificates, CRLs, policies, log level. What cannot be taken over is logged and the old
// value stays in use; a file that is wrong changes nothing. The last line says "reloaded" only where all was taken
// over, otherwise "reloaded_in_part" with what was not.
struct reloadable {
    std::filesystem::path file;
    daemon_config& config;
    intake::gate& gate;
    intake::rerouting& rerouting;
    api::eoffice& eoffice;
    inspect::inspector_pool* inspectors;
    web::operator_door& page;
    reconciliation::rounds& rounds;
    std::vector<std::unique_ptr<net::server>>& servers;
};
void reload(reloadable&);

} // namespace vanthu::start
