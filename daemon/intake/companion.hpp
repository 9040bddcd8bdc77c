// A status that follows from taking a document in for an organisation served here: 01 where it has no eOffice
// (contracts 3), 02 where the policy refuses by itself (contracts 10). It is decided in the same change as the
// document. Also the 02 of an operator who returns what was held, and the 15 to a recall of what nobody had taken over.
#pragma once

#include "daemon/intake/arrival.hpp"

namespace vanthu::intake {

struct companion {
    std::string recipient; // code as written
    bool agrees = false;   // 15, sent only where the decision says so
    offer from;
    edxml::packet packet;
    std::string text; // the packet's bytes, to be stored
    arrival status;   // points into the two above; without a payload until store_payload()

    result<> store_payload(ledger::payload_store&);
};

// `about`: the document, addressed to `recipient_code` as written. `refusal` empty: it has arrived (01); else an error
// code, and it is refused (02). `words`: what the 02 tells people; empty: that the signatures do not satisfy.
// `recall_agreed` instead of an error code: the recall is agreed to (15).
inline constexpr std::string_view recall_agreed = "15";
result<std::unique_ptr<companion>> compose_companion(edxml::response_for about, const std::string& recipient_code,
                                                     const std::string& recipient_name, const std::string& refusal,
                                                     std::shared_ptr<const registry::registry>, timestamp at,
                                                     const std::string& words = {});

} // namespace vanthu::intake
