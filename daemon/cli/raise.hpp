// From B-B upward, for every format: asks for time stamps and evidence and puts them in (signing/*/levels).
#pragma once

#include "daemon/cli/trust_session.hpp"

#include <optional>

namespace vanthu::cli {

enum class level : int { b_b = 1, b_t, b_lt, b_lta };
std::optional<level> level_of(std::string_view text); // "B-LT"

struct raise_request {
    level to = level::b_t;
    std::string tsa;                    // needed for B-T and B-LTA where a stamp is missing
    std::optional<std::string> content; // file that a detached signature is about
    bool newest_only = false;           // earlier signatures stay as they are: they are another's business
};

// The file with each of its signatures (or the newest) at `to` or above; B-LTA again renews: new evidence, one more
// archive time stamp. Judged before (the whole file, unless only the newest is raised) and after: nothing is added to a
// file that is not valid (sign_errc::not_verifiable, with what was missing in the detail; form_in_doubt where nothing
// missing is the reason), and what is handed back is
// valid and at the level, see check_level(). sign_errc::time_stamp_missing, content_missing, nothing_signed,
// over_budget (the file is then not parsed in this process); failures of the services, of trust_session::stamp() and of
// the format. With `newest_only` the caller has had the rest of the file judged (earlier.hpp).
result<bytes> raise(bytes file, const raise_request& request, trust_session& session);

// sign_errc::level_not_reached (form_in_doubt: by the file itself) unless each signature (or the newest) is valid and
// at `to` or above, judged by this session's trust: by what the file holds alone, else with what is known and can be
// asked for (the newest archive time stamp brings no evidence of its own). Up to B-T unknown revocation is no reason.
// Good where the session does not judge: then B-T alone can be asked for.
result<> check_level(bytes_view file, const raise_request& request, trust_session& session);

} // namespace vanthu::cli
