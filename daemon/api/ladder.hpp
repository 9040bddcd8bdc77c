// The ladder: how far a document is, per recipient, each step with its proof, and why it is not there yet.
// A view of events; the same object for the REST API and the operator page (docs/api.md, "Ladder").
#pragma once

#include "daemon/calendar/duties.hpp"
#include "daemon/delivery/flow.hpp"
#include "daemon/records/records.hpp"
#include "daemon/registry/registry.hpp"

#include <boost/json.hpp>

#include <functional>

namespace vanthu::api {

// Who shows it, and to whom may an attempt be told.
struct ladder_context {
    const registry::registry& registry;
    timestamp now;
    const calendar::office& office; // working time: deadlines, and when "not fetched" is said
    std::string home;               // the node's own organisation, canonical: under it recalls stand
    // Why nothing goes to a node now (delivery::engine::trouble). Empty: not known.
    std::function<std::optional<delivery::flow_standing>(const std::string& node)> trouble = {};
    unsigned attempts = 0; // after which a transfer is parked (delivery::engine_options); 0: not known
};

// {schema_version, document:{...}, recipients:[{code, name, state, state_vi, state_en, why_vi, why_en, next_attempt_at,
//  destination?, recall?, update?, updates?, replaced_by?, replaces?, attempts, attempts_left?, last_status,
//  deadlines:[{duty, by, state, done_at, text_vi, text_en}], rungs:[{code, name_vi, name_en, state, at}],
//  steps:[{at, kind, code, text_vi, text_en, by, proof}]}], events_of_document:[...]}
result<boost::json::object> ladder(const records::reader&, const records::document_row&, const ladder_context&);

// What a list shows of a document.
boost::json::object document_json(const records::document_row&);
// Names of the status codes 01 to 16; an unknown code is shown as it is.
std::string status_name(std::string_view code, bool vietnamese);
std::string state_name(records::state, bool vietnamese);
// The message and the action of a public error code, from the error tables; sentences that name the code where no table
// has it.
std::string reason_text(std::string_view public_code, bool vietnamese);
bool is_known_reason(std::string_view public_code); // a code of this program; others name what they like
std::string reason_action(std::string_view public_code, bool vietnamese);

} // namespace vanthu::api
