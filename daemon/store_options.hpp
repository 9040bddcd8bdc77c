// The store as the configuration describes it: for the daemon, and for commands that open the store of a daemon at
// rest.
#pragma once

#include "daemon/config_table.hpp"
#include "daemon/ledger/store.hpp"

namespace vanthu {

// Place, sizes, free-space mark and key. Reads the key's file: files::errc.
result<ledger::store_options> store_options_of(const daemon_config&);

} // namespace vanthu
