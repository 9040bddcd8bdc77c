// What is said of a next hop to which nothing goes now: one sentence in each language, and the facts beside it.
#pragma once

#include "daemon/delivery/flow.hpp"

#include <boost/json.hpp>

namespace vanthu::api {

// "… has not answered since …: why. Next probe at …". `who`: the hop's name.
std::string trouble_text(const delivery::flow_standing&, const std::string& who, bool vietnamese);
// {state: closed | paused | open | probing | no_documents, since, reason, next_probe_at, window, concurrency, text_vi, text_en}; times
// are null and texts empty where nothing is wrong.
boost::json::object destination_json(const delivery::flow_standing&, const std::string& who);

} // namespace vanthu::api
