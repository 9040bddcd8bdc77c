// Where a command writes: the files that a person named, and standard output.
#pragma once

#include "daemon/base/files.hpp"

namespace vanthu::cli {

// Exit code: standard output did not take what was printed. Source: sysexits.h, EX_IOERR.
constexpr int not_written = 74;

enum class existing_file { replaced, kept };

// Whether a file can be put under this name: nothing stands there, or a regular file that may be replaced. A symlink, a
// directory, a device or a FIFO is never replaced nor written into (errc::output_not_a_file), nor is "-" a name.
// errc::output_exists: a regular file that is to be kept. Asked before the work, and again by whoever writes.
result<> can_be_output(const std::filesystem::path& path, existing_file there);

// write_file_atomically() for a name that a person gave. Failures: can_be_output()'s, files::errc.
// Why no file can be made in the folder of `path`, found out by making one there and removing it; "": one can. Asked
// before a key, a token or a server is.
std::string why_not_writable(const std::filesystem::path& path);

result<> write_output(const std::filesystem::path& path, bytes_view content, unsigned mode = 0644);

// For the end of main(): `code`, or `not_written` (told on standard error in both languages) where standard output did
// not take everything that was printed.
int exit_code_with_output(int code);
// For the begin of main(): a closed standard stream stays unusable, also when files are opened.
void keep_standard_streams();

} // namespace vanthu::cli
