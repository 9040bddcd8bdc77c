// SIGHUP: registry, calendar, credentials, certificates, CRLs, policies, log level. What cannot be taken over is logged
// and the old value stays in use; a file that is wrong changes nothing. The last line says "reloaded" only where all was
// taken over, otherwise "reloaded_in_part" with what was not.
#pragma once

#include "daemon/start.hpp"

namespace vanthu::start {

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
