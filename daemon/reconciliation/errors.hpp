// docs/errors.md tables the codes ("reconciliation.answer_unfit").
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::reconciliation {

enum class errc {
    cannot_compare = 1, // the other side does not speak of its records (an older version)
    answer_unfit,       // its answer does not fit the question, goes in circles or does not end
    refused_there,      // it refuses the question
    running,            // this node is being compared now
    node_unknown,       // no such node in the registry, or no way to ask it
    too_slow,           // its answers take too long for as many as there are
    not_reached,        // no connection to it
};
std::error_code make_error_code(errc);

} // namespace vanthu::reconciliation

template <> struct std::is_error_code_enum<vanthu::reconciliation::errc> : std::true_type {};
