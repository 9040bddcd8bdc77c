// What a file must satisfy as a whole, once every row has been read. Inside this folder only.
#pragma once

#include "daemon/registry/registry.hpp"
#include "daemon/registry/source.hpp"

namespace vanthu::registry {

class checks {
public:
    checks(registry& r, source& s) : r_(r), source_(s) {}
    void run(); // builds the indexes; the first refusal is in the source

private:
    void ids();
    void references();
    void periods();
    void codes();
    void parent_cycles();
    void servers();
    void identities();
    void roles();
    void node_cycles();
    void route_loops();
    std::vector<timestamp> dates_of_change() const;

    registry& r_;
    source& source_;
};

} // namespace vanthu::registry
