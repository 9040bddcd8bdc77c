// `vanthu sign` and `vanthu extend`: signatures of every format, made with a token or a PKCS#12 file.
#pragma once

#include "daemon/base/failure.hpp"

namespace CLI {
class App;
}

namespace vanthu::cli {

enum class sign_errc {
    not_available = 1,   // a format or profile of a later version
    no_person_signature, // `issued`: nobody with authority and a valid signature has signed before
    own_certificate_bad, // the signer's own certificate does not lead to a trusted anchor, or has ended
    time_stamp_missing,  // a level that needs a time stamp, without --tsa
    bad_arguments,
    not_verifiable,  // evidence goes only into files whose signatures are valid
    content_missing, // a detached signature without --content
    output_exists,   // two inputs would become one file
    own_certificate_expired,
    own_certificate_revoked,
    own_certificate_unfit, // by its key usage
    not_authorised,        // the registry does not name the signer
    organisation_unknown,
    registry_missing,       // `issued` without a registry
    output_unusable,        // no such folder, or no right to write there
    other_signature_inside, // of a container: CAdES beside XAdES
    level_not_reached,      // what was made does not hold at the level asked for
    no_meaning,             // an option that says nothing about this format or profile
    bad_date,               // --date that is no day of the calendar
    earlier_not_valid,      // a signature that is there is broken: nobody signs beside it
    over_budget,            // too much for vanthu-inspect, so nothing of it is parsed here
    numbered_by_another,    // `issued`: number and date are for another organisation to give
    result_not_valid,       // `issued`: what was made does not hold, so it is not written
    output_is_input,        // the input is never changed
    nothing_signed,         // `extend` of a file without signatures
    bad_number,             // --number that is no number and notation
    output_no_folder,       // several inputs go into a folder, and -o has the name of a file
    form_in_doubt,          // what was made is not determined by the form of the file: nothing is written
    output_name_misleads,   // -o has the ending of another format than the one signed in
    bad_raise_level,        // `extend` to a level that nothing is raised to
};
std::error_code make_error_code(sign_errc);

// Leave in `exit_code`: 0 written; 1 refused; 64 usage; 66 cannot read. The input is never changed; an output appears
// whole or not at all. Several files: the first failure ends the run; what was written before stays, and both that and
// what was not written is told. The PIN is wiped.
void add_sign_command(CLI::App& app, int& exit_code);
void add_extend_command(CLI::App& app, int& exit_code);

} // namespace vanthu::cli

template <> struct std::is_error_code_enum<vanthu::cli::sign_errc> : std::true_type {};
