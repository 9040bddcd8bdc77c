// JSON of a request, taken strictly: what two readers could understand differently is refused (contracts 14: requests
// of our own API are strict, the wire between peers is not).
#pragma once

#include "daemon/api/errors.hpp"
#include "schemas/edxml/packet.hpp"

#include <boost/json.hpp>

#include <initializer_list>

namespace vanthu::api {

// One JSON object and nothing behind it. `name` is what it is called in the cause. Failures: bad_parameter for anything
// else than a JSON object, repeated_parameter for a member that stands twice, at any depth.
result<boost::json::object> strict_object(std::string_view text, std::string_view name);

// unknown_parameter for the first member that is none of `known`; `path` stands before its name ("staff.").
result<> only_members(const boost::json::object&, std::initializer_list<std::string_view> known,
                      std::string_view path = {});
// The text of a member; empty where it is absent or null. bad_parameter for any other type.
result<std::string> text_member(const boost::json::object&, std::string_view name, std::string_view path = {});
// `staff`, who acted on a document: nothing where it is absent or null.
result<std::optional<edxml::staff_info>> staff_member(const boost::json::object&);

} // namespace vanthu::api
