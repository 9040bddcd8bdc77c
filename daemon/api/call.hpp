// Private to this folder: one request on its way through an endpoint.
#pragma once

#include "daemon/api/eoffice.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/intake/pressure.hpp"
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
    if (f.code == intake::errc::overloaded) // said once when it began (daemon/load_watch.cpp)
        return net::error_response(f.code, {.cause = f.detail, .retry_after = intake::pressure::retry_after});
    // Ours, not the client's: the answer keeps the detail back, so that the log is where it can be found.
    if (const error_row* row = describe(f.code); !row || row->http_status >= 500)
        log::error("request_failed", {{"failure", f}});
    net::error_notes notes;
    // A detail written by our own checks of the request names the field; others may hold paths and stay in the log.
    notes.cause = std::move(cause);
    if (transient(f.code)) notes.retry_after = std::chrono::seconds(5);
    return net::error_response(f.code, notes);
}

// Our own checks of what was sent name the field; that may be told.
inline std::string told(const failure& f) {
    const std::string code = public_code(f.code);
    return code.starts_with("edxml.") || code.starts_with("intake.") || code.starts_with("api.") ||
                   code == "net.bad_multipart" || code == "net.multipart_limit"
               ? f.detail
               : std::string();
}

inline constexpr std::uint64_t largest_page = 500; // of a list

// A query parameter that is a whole number: `otherwise` where it is absent, bad_parameter with its name where it is
// anything but decimal digits or below `least`.
inline result<std::uint64_t> number_in(const net::request& r, const char* name, std::uint64_t otherwise,
                                       std::uint64_t least = 0) {
    const auto text = r.query.find(name);
    if (!text) return otherwise;
    if (text->empty() || text->size() > 18 || text->find_first_not_of("0123456789") != std::string::npos)
        return failed(errc::bad_parameter, name);
    const std::uint64_t number = std::stoull(*text);
    if (number < least) return failed(errc::bad_parameter, name);
    return number;
}

// In a list, in the place of a row that cannot be read: the error object, so that the reader sees it and goes on.
inline boost::json::object unreadable(const failure& f, const std::string& which) {
    log::error("row_unreadable", {{"row", which}, {"failure", f}});
    return boost::json::parse(net::error_object(f.code, {.cause = which})).get_object();
}

inline net::response answer(int status, const boost::json::value& v) {
    return net::response::json(status, boost::json::serialize(v));
}

} // namespace vanthu::api
