// `vanthu restore BACKUP [--config FILE] [--lang vi|en] [--json]`: a store made of a backup, where vanthud does not run
// and has no store (daemon/ledger/restore.hpp). It gets an instance id of its own, its receipt log is closed to the
// origin in use, and it is checked like `vanthu fsck` does before the command says done.
//
// Exit code: 0 restored, and nothing found; 1 refused, or not good: where something acknowledged cannot be read vanthud
// refuses the directory; other problems that the backed up store had are listed and it is restored ("restored" of
// --json); 64 wrong usage; 66 configuration or registry cannot be read.
#pragma once

namespace CLI {
class App;
}

namespace vanthu::cli {

void add_restore_command(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
