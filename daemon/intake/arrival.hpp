// What the gate knows about a packet when everything that can be judged without the ledger has been judged.
#pragma once

#include "daemon/intake/gate.hpp"

namespace vanthu::intake {

// One recipient after aliases, successors and routes.
struct routed {
    std::string code;         // as written
    std::string organisation; // canonical, after successors
    std::string name;
    registry::route_decision route;
};

// By what the registry says at `at`; never back to `came_from`.
routed route_recipient(const registry::registry&, const std::string& own_node, const std::string& code, timestamp at,
                       const std::string& came_from);

// What is asked of a document goes where that lies, whatever node serves the recipient by now: that one knows of no
// document, and would agree to give back what it does not have. Here, in an inbox: whoever reads that inbox answers. At
// the next hop that took it; held, where the registry has no such node any more (former_node_gone).
result<> keep_with_document(const records::reader&, const std::string& home, const std::string& issuer,
                            const std::vector<std::string>& targets, const registry::registry&,
                            const std::string& own_node, routed&);

struct arrival {
    const offer* from = nullptr;
    const edxml::packet* packet = nullptr;
    ledger::stored_payload payload;
    std::shared_ptr<const registry::registry> registry;
    timestamp at;
    std::string owner;              // whose record it becomes: the sender's own here, home's where a peer brought it
    std::vector<routed> recipients; // of a document: those handed over here, each organisation once
    std::string origin, origin_verdict;
    verdict signatures = verdict::unsigned_;
    bool signatures_checked = false;
    std::string signature_report;
    std::vector<std::string> flags;
    std::string held_here, held_onward; // a reason code: those served here, those behind a hop wait for an operator
    std::string refused_at_end; // policy: an error code; local recipients refuse with 02 instead of taking it in
    // No new documents are taken now (pressure.hpp): the answer unless this is a request or a document known before,
    // which gets its first answer.
    std::optional<failure> refused_if_new;
    // Beside a status 02 to 06 of an eOffice: the 01 that goes before it where none has.
    arrival* arrival_before = nullptr;
};

} // namespace vanthu::intake
