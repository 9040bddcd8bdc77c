// `vanthu backup [DIR] [--config FILE] [--officer NAME] [--reason TEXT] [--secret-file FILE] [--lang vi|en] [--json]`:
// a backup at DIR, or under a name of its own in store.backup_directory. While vanthud runs it is asked at the
// operator's door (docs/operator.md), and DIR can only be a new directory right under that one; where it does not run,
// the store is opened here, by its owner only: vanthud could not open files that another user makes in it.
//
// Exit code: 0 the backup is there; 1 refused or failed; 64 wrong usage; 66 configuration, registry or secret cannot be
// read; 69 the door does not answer.
#pragma once

#include <system_error>

namespace CLI {
class App;
}

namespace vanthu::cli {

enum class backup_errc {
    no_directory = 1, // store.backup_directory is not configured
    door_not_local,   // vanthud runs, and its operator's door is neither a Unix socket nor plain loopback
    elsewhere,        // vanthud runs, and the directory does not lie right under store.backup_directory
    other_user,       // vanthud does not run, and the store belongs to another user than the one who runs this
};
std::error_code make_error_code(backup_errc);

void add_backup_command(CLI::App& app, int& exit_code);

} // namespace vanthu::cli

template <> struct std::is_error_code_enum<vanthu::cli::backup_errc> : std::true_type {};
