// The store as the configuration describes it: for the daemon, and for commands that open the store of a daemon at
// rest.
#pragma once

#include "daemon/config_table.hpp"
#include "daemon/ledger/store.hpp"

namespace vanthu {

// Place, sizes, free-space mark and key. Reads the key's file: files::errc.
result<ledger::store_options> store_options_of(const daemon_config&);

// Where a restore writes the last known head of the log; missing where it knows none.
std::filesystem::path head_before_restore(const daemon_config&);
// A name for the log of a restored store that no store ever had: that of the last origin, with the restored store's id
// in place of its last part. A store that is restored twice from one backup must not come to one name twice.
std::string origin_after_restore(std::string_view last_origin, std::string_view instance);
// What the operator types after a restore, with this configuration's files.
std::string new_origin_command(const daemon_config&, std::string_view last_origin, std::string_view instance);

} // namespace vanthu
