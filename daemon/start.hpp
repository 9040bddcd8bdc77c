// From configuration to objects: the one place that turns daemon_config into the plain values each part takes and reads
// the key files. What is read beside it is in inputs.hpp, what a reload may change in reload.hpp. Used by main.cpp.
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
result<std::unique_ptr<ledger::store>> open_store(const daemon_config&, std::function<void(const failure&)> on_fatal);
void report_recovery(const ledger::store&); // a log line for what was found
result<std::unique_ptr<ledger::receipt_log>> open_receipt_log(const ledger::store&, const daemon_config&);
// Empty pointer: inspection is switched off.
result<std::unique_ptr<inspect::inspector_pool>> start_inspectors(const daemon_config&);
intake::policy policy_of(const daemon_config&);
result<intake::gate_options> gate_options(const daemon_config&, const std::string& home);
result<receipt::trust_anchors> peer_anchors(const daemon_config&);
delivery::engine_options engine_options(const daemon_config&, const std::string& home);
reconciliation::round_options round_options(const daemon_config&, const std::string& home);
api::eoffice_options eoffice_options(const daemon_config&, const std::string& home);
result<peer_link::receiver_options> receiver_options(const daemon_config&, const std::string& home);
result<web::operator_door_options> door_options(const daemon_config&, const std::string& home);

net::listener_options api_listener(const daemon_config&);
net::listener_options peer_listener(const daemon_config&, const peer_link::receiver&);
net::listener_options operator_listener(const daemon_config&);
void count_answers(intake::gate&, metrics::registry&);
// Free space and spool, read when the metrics page is asked for. `spool` and the registry must outlive each other's
// use.
intake::pressure_marks pressure_marks(const daemon_config&);
void watch_disk(const daemon_config&, const ledger::spool&, metrics::registry&);
void count_requests(net::listener_options&, std::string_view door, metrics::registry&);

} // namespace vanthu::start
