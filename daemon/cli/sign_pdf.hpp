// The PDF part of `vanthu sign`: legal profile, place, appearance, and the order of signing.
#pragma once

#include "daemon/cli/sign_authority.hpp"
#include "daemon/cli/trust_session.hpp"
#include "daemon/cli/voice.hpp"
#include "signing/cms/build.hpp"
#include "signing/pdf/sign.hpp"

namespace vanthu::cli {

struct pdf_choices {
    std::string profile = "approved", number, date, rectangle, anchor, comment, form = "sao-y", appearance;
    std::vector<std::string> images;
    int page = 0;
    std::string font = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf";
    std::string italic_font = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Italic.ttf";
    bool restrict_changes = false, accept_indeterminate = false;
};
void add_pdf_options(CLI::App& command, pdf_choices& o);

// What the choices say, with the files they name read once for all documents. sign_errc::not_available, bad_arguments,
// bad_date, bad_number;
// pdf::errc of pictures and missing texts; rule_file::errc; files::errc.
struct pdf_plan {
    pdf::signature_request request; // what the documents have in common
    bool accept_indeterminate = false;
    std::string date; // as given, YEAR-MONTH-DAY
};
result<pdf_plan> plan_pdf(const pdf_choices& o);

struct signed_pdf {
    bytes file;
    std::vector<std::string> signed_before_by; // `issued`: "person, title" or the certificate's subject
    std::vector<signing::finding> remarks;     // what the signer should know
};
// B-B, or B-T with the URL of a time-stamping authority. `before`: the document as judged (earlier.hpp). `issued` wants
// a valid signature over the previous revision by a person whom the registry names, not one made to initial, comment or
// copy (sign_errc::no_person_signature); without a registry (sign_errc::registry_missing) or with a signature that is
// not determined only where the plan accepts that, and then by somebody else than the seal. Empty fields for number and
// date must be the seal's to fill (sign_errc::numbered_by_another). All of this is found out before the key is used.
result<signed_pdf> sign_pdf(bytes_view document, const validation::file_report& before, const pdf_plan& plan,
                            const signing_authority& authority, const cms::signer& who, const std::string& tsa,
                            trust_session& session);

// Of what `issued` has made, before it is written: the seal is good, and no signature is worth less than it was before.
// Unknown revocation is no reason. sign_errc::result_not_valid.
result<> holds_as_issued(const validation::file_report& before, bytes_view made, const pdf_plan& plan,
                         trust_session& session);

} // namespace vanthu::cli
