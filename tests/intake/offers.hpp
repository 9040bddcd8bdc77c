// Packets given to the gate of a node as a peer would bring them, without the peer's door.
#pragma once

#include "daemon/intake/rerouting.hpp"
#include "tests/api/packets.hpp"

#include <boost/asio/co_spawn.hpp>
#include <future>

namespace vanthu::test {

template <class T> result<T> finish(daemon_parts& at, task<T> work) {
    std::promise<result<T>> answered;
    asio::co_spawn(at.network->executor(0), std::move(work), [&](std::exception_ptr e, result<T> r) {
        if (e)
            answered.set_exception(e);
        else
            answered.set_value(std::move(r));
    });
    return answered.get_future().get();
}

inline result<intake::accepted> offer_from(daemon_parts& at, const std::string& peer, std::string packet,
                                           std::vector<std::string> recipients = {}) {
    intake::offer o;
    o.source = intake::offer::from::peer;
    o.node = peer;
    o.recipients = std::move(recipients);
    net::memory_body body(std::move(packet));
    return finish(at, at.gate->accept(std::move(o), body));
}

} // namespace vanthu::test
