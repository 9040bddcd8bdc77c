// Why a registry file is refused. detail always reads "FILE:LINE: what", so that the operator finds the row.
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::registry {

enum class errc {
    syntax = 1,          // not TOML
    unknown_key,         // a key this version does not know
    missing_key,         // a required key is absent
    wrong_type,          // a value of another kind than the key takes
    bad_value,           // right kind, but not one of the values allowed
    bad_period,          // `to` is not after `from`, or a date that does not exist
    duplicate_id,        // two rows with one id
    duplicate_code,      // one code of two organisations at the same time
    overlapping_periods, // two parents, names or servers of one organisation at the same time
    unknown_reference,   // an organisation or node that no row defines
    parent_cycle,        // an organisation above itself
    node_cycle,          // nodes whose upward ways form a ring
    route_loop,          // an explicit route that brings a packet back
    ambiguous_server,    // two daemons for one organisation at the same time
    ambiguous_identity,  // one certificate identity leads to two nodes, or cannot be told apart
    key_in_two_roles,    // one key as the organisation's seal and as a service key
    successor_of_open,   // successors of an organisation that has no closing date
};
std::error_code make_error_code(errc);

} // namespace vanthu::registry

template <> struct std::is_error_code_enum<vanthu::registry::errc> : std::true_type {};
