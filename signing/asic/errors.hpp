// Failures of signing/asic: containers that cannot be made or added to. What a container is worth is a verdict
// (verify.hpp).
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::asic {

enum class errc {
    not_a_zip = 1,     // no ZIP archive, or one without the ASiC layout
    irregular_archive, // a ZIP that two readers could read differently, or that is encrypted
    over_budget,       // more bytes, files or a higher compression ratio than limits allow
    name_unsafe,       // a file name that leads out of the container, or twice the same
    damaged_entry,     // what unpacks differs from size or checksum
    no_such_entry,     // the container has no such file
    not_one_file,      // ASiC-S is about exactly one file
    signature_fixed,   // a later archive time stamp is over this signature: it cannot be replaced
    manifest_unreadable,
};
std::error_code make_error_code(errc);

} // namespace vanthu::asic

template <> struct std::is_error_code_enum<vanthu::asic::errc> : std::true_type {};
