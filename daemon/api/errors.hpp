// What the eOffice door refuses by itself. docs/errors.md tables the codes ("api.unauthenticated").
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::api {

enum class errc {
    unauthenticated = 1,  // no key, or a key nobody has
    right_missing,        // the credential may not do this
    organisation_unclear, // the credential speaks for several organisations and the request names none
    organisation_not_yours,
    no_such_resource,
    method_not_allowed,
    bad_parameter,      // a query parameter or JSON member; the cause names it
    unknown_parameter,  // a query parameter or JSON member that does not exist here; the cause names it
    repeated_parameter, // the same one twice; the cause names it
    unsupported_media_type,
    metadata_missing,    // multipart without the part "metadata"
    file_missing,        // multipart without a file
    reason_missing,      // status 02, 16 without a description
    status_not_settable, // this code is not the eOffice's to set
    attachment_unknown,
    packet_expected,        // the entry is a status; it has no attachments
    credentials_unreadable, // the credentials file
    inbox_restored,         // the reader's place in the inbox is not one of this store
};
std::error_code make_error_code(errc);

} // namespace vanthu::api

template <> struct std::is_error_code_enum<vanthu::api::errc> : std::true_type {};
