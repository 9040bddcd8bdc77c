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
// archive time stamp. Before evidence goes in the signatures are verified: sign_errc::not_verifiable where one is not
// valid, with what was missing in the detail. sign_errc::time_stamp_missing, content_missing; failures of the services
// and of the format.
result<bytes> raise(bytes file, const raise_request& request, trust_session& session);

} // namespace vanthu::cli
