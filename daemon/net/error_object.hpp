// The one error object of every listener (contracts: error object), as a response.
#pragma once

#include "daemon/base/clock.hpp"
#include "daemon/net/http.hpp"

namespace vanthu::net {

struct error_notes {
    std::string cause;                               // short, safe to show to the peer; never failure::detail
    std::optional<timestamp> next_attempt_at;        //
    std::optional<std::string> document_id;          //
    std::optional<std::chrono::seconds> retry_after; // also as Retry-After (503, 429, 409)
    std::optional<int> status;                       // instead of the row's
};

// {schema_version, code, message_vi, message_en, cause, action_vi, action_en, retryable, next_attempt_at, document_id?}
// A code from a foreign category shows as internal.error with status 500.
std::string error_object(std::error_code code, const error_notes& notes = {});
response error_response(std::error_code code, const error_notes& notes = {});
int http_status(std::error_code code);

} // namespace vanthu::net
