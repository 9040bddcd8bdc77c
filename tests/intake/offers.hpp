// Packets given to the gate of a node as a peer would bring them, without the peer's door.
#pragma once

#include "tests/api/packets.hpp"
#include "tests/support/wait_for.hpp"

namespace vanthu::test {

inline result<intake::accepted> offer_from(daemon_parts& at, const std::string& peer, std::string packet,
                                           std::vector<std::string> recipients = {}) {
    intake::offer o;
    o.source = intake::offer::from::peer;
    o.node = peer;
    o.recipients = std::move(recipients);
    net::memory_body body(std::move(packet));
    return wait_for(at.network->executor(0), at.gate->accept(std::move(o), body));
}

} // namespace vanthu::test
