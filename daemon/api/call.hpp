// Private to this folder: one request on its way through an endpoint.
#pragma once

#include "daemon/api/eoffice.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/net/error_object.hpp"

#include <boost/json.hpp>

namespace vanthu::api {

struct eoffice::call {
    net::request& request;
    const credential* who = nullptr;
    std::vector<std::string> parameters; // of the path
    std::shared_ptr<const registry::registry> registry;
    timestamp at;
};

inline net::response refuse(const failure& f, std::string cause = {}) {
    // Ours, not the client's: the answer keeps the detail back, so that the log is where it can be found.
    if (const error_row* row = describe(f.code); !row || row->http_status >= 500)
        log::error("request_failed", {{"failure", f}});
    net::error_notes notes;
    // A detail written by our own checks of the request names the field; others may hold paths and stay in the log.
    notes.cause = std::move(cause);
    if (transient(f.code)) notes.retry_after = std::chrono::seconds(5);
    return net::error_response(f.code, notes);
}

inline net::response answer(int status, const boost::json::value& v) {
    return net::response::json(status, boost::json::serialize(v));
}

} // namespace vanthu::api
