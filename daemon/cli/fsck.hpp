// `vanthu fsck [--config FILE] [--store DIR] [--receipts DIR] [--trust DIR] [--lang vi|en] [--json]`: whether the store
// of a daemon that does not run keeps its promises (daemon/upkeep/store_check.hpp).
//
// Exit code: 0 no problem; 1 some; 64 wrong usage; 66 configuration, registry or store cannot be read, or vanthud has
// the store open.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

void add_fsck_command(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
