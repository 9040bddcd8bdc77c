// `vanthu fsck [--config FILE] [--store DIR] [--receipts DIR] [--trust DIR] [--lang vi|en] [--json]`: whether the store
// of a daemon that does not run keeps its promises (daemon/upkeep/store_check.hpp).
//
// Exit code: 0 no problem; 1 some; 64 wrong usage; 66 configuration, registry or store cannot be read, or vanthud has
// the store open.
#pragma once

#include "daemon/cli/voice.hpp"
#include "daemon/config_table.hpp"
#include "daemon/upkeep/store_check.hpp"

namespace vanthu::cli {

void add_fsck_command(CLI::App& app, int& exit_code);

// The store of this configuration, without receipts.
result<upkeep::store_to_check> store_to_check_of(const daemon_config&);
// What was found, for a person; and as members for --json.
void show(const upkeep::store_check&, const voice&);
boost::json::object to_json(const upkeep::store_check&);

} // namespace vanthu::cli
