// The PDF part of `vanthu sign`: legal profile, place, appearance, and the order of signing.
#pragma once

#include "daemon/cli/trust_session.hpp"
#include "daemon/cli/voice.hpp"
#include "signing/cms/build.hpp"

namespace vanthu::cli {

struct pdf_choices {
    std::string profile = "approved", number, date, rectangle;
    int page = 0;
    std::string font = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf";
    std::string italic_font = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Italic.ttf";
    bool restrict_changes = false, accept_indeterminate = false;
};
void add_pdf_options(CLI::App& command, pdf_choices& o);
// sign_errc::not_available, bad_arguments.
result<> check(const pdf_choices& o);

// B-B, or B-T with the URL of a time-stamping authority. `issued` wants a valid signature of somebody else over the
// previous revision (sign_errc::no_person_signature) and says whose it found.
result<bytes> sign_pdf(bytes_view document, const pdf_choices& o, const cms::signer& who, const std::string& tsa,
                       trust_session& session, const voice& speak);

} // namespace vanthu::cli
