// What a file holds already, judged before anything is added to it: by vanthu-inspect, which is shut in and bounded,
// and as `vanthu verify` judges. What is too much for that worker is not parsed in this process either, and what it has
// judged costs this process about what it cost the worker.
#pragma once

#include "daemon/cli/trust_session.hpp"

namespace vanthu::cli {

// One for each run of a command: the worker starts with the first file.
class earlier_judge {
public:
    explicit earlier_judge(trust_session& session, validation::policy policy = {})
        : session_(session), policy_(std::move(policy)) {}

    // With whatever can be had of what is missing, or by what is known already; servers that did not answer for one
    // file are not asked for the next. `content`: the file that a detached signature is about; "": none.
    // sign_errc::over_budget; inspect::errc; failures of open_input() for `content`.
    enum class ask : bool { nobody, everybody };
    result<validation::file_report> judge(bytes_view file, const std::string& content = "",
                                          ask servers = ask::everybody);

private:
    trust_session& session_;
    validation::policy policy_;
    std::unique_ptr<inspect::inspector_pool> pool_;
    std::size_t known_ = 0; // of evidence and intermediates, when the worker was told
    bool in_vain_ = false;  // somebody did not answer
};

// Nobody signs beside a signature that is broken, or in a file that can be read in two ways: sign_errc::
// earlier_not_valid. A signature that is not determined for a reason of trust, revocation, certificate, time or
// algorithm only is no hindrance; sign_errc::content_missing: of a detached message.
result<> fit_to_sign_beside(const validation::file_report& report, bytes_view file, bool content_given);

// Whether a signature, or the file as a whole, is short of valid for a reason that lies in the file itself: what was
// signed, or how it is written. No certificate or server can mend that. `detached_apart`: signatures whose content is
// another file, which was not given, are none of it.
bool form_in_doubt(const validation::signature_report& signature);
bool form_in_doubt(const validation::file_report& report, bool detached_apart = false);

// "Subject: SUB_INDICATION" of each signature that is not determined.
std::vector<std::string> not_determined(const validation::file_report& report);

// Each signature and each finding that speaks against the file, in one line for people.
std::string complaint(const validation::file_report& report);

} // namespace vanthu::cli
