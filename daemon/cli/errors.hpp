// What the commands of `vanthu` refuse by themselves. docs/errors.md tables the codes ("cli.file_exists").
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::cli {

enum class errc {
    file_exists = 1, // a key is never written over
    id_not_usable,
    id_taken,
    server_missing,    // neither --server nor VANTHU_SERVER
    key_missing,       // neither --key-file nor VANTHU_KEY_FILE
    answer_unreadable, // the server's, or not of this API
    metadata_unreadable,
    receipt_not_trusted,    // sent, but the receipt does not prove it
    hash_mismatch,          // what was fetched is not what the server names
    bad_rewrite,            // --rewrite without FROM=TO
    what_to_import,         // `token import` without a key or certificate
    directory_given,        // where a file is needed
    bench_failed,           // what was to be measured did not work
    output_not_a_file,      // a symlink, a directory, a device or a FIFO stands under the name
    output_exists,          // and is never written over
    output_failed,          // standard output did not take it
    input_not_a_file,       // a FIFO, a socket or a device where a document is needed
    time_stamp_not_trusted, // a new time stamp whose authority the operator does not trust, or who is none
    time_stamp_wrong_time,  // a new time stamp that names another time than ours
    bad_allowed_address,    // --allow-address that is neither host nor network
    trust_folder_missing,   // no folder --trust, or neither a certificate nor a list in it
    bad_time,               // --at that is no point in time
    daemon_not_running,     // nobody listens at the operator's door of this machine
    not_a_store_directory,  // a file where a store is to be checked
};
std::error_code make_error_code(errc);

} // namespace vanthu::cli

template <> struct std::is_error_code_enum<vanthu::cli::errc> : std::true_type {};
