// That a transfer will expire is said once, before it does. A change, no I/O but its rows.
#pragma once

#include "daemon/records/records.hpp"

namespace vanthu::delivery {

// The event "expiry_near" for each recipient who still waits, with `expires_at` in its text; for the hop that the
// packet came from the notice "expiring". Nothing, when it was said before or the transfer has ended. True: said now.
result<bool> warn_of_expiry(records::writer&, const std::string& home, const std::string& organisation,
                            const std::string& owner, const std::string& document, const std::string& node,
                            std::int64_t expires_at);

} // namespace vanthu::delivery
