// What the operator door refuses by itself. docs/errors.md tables the codes ("web.unauthenticated").
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::web {

enum class errc {
    unauthenticated = 1, // no bearer secret, or a wrong one
    host_not_allowed,    // the Host field names neither this machine nor a configured name
    cross_site,          // another site's page makes the browser ask
    no_such_resource,
    method_not_allowed,
    bad_parameter,       // the cause names it
    officer_missing,     // destruction and backup need the officer and the reason
    secret_unknown,      // no such entry in the quarantine
    pages_unreadable,    // the directory of the pages
    reason_missing,      // what is returned to its sender needs a reason
    no_backup_directory, // store.backup_directory is not configured
};
std::error_code make_error_code(errc);

} // namespace vanthu::web

template <> struct std::is_error_code_enum<vanthu::web::errc> : std::true_type {};
