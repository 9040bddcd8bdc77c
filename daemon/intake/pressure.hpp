// When the node takes no new documents for a while: before the disk is full, the memory is used up or more waits than
// can be carried. Marks with hysteresis; no I/O, no clock: what was measured is given.
//
//   taking ─ a figure beyond its mark ─▶ refusing (503, Retry-After) ─ every figure well within ─▶ taking
//
// Guaranteed: a figure that went beyond its mark counts until it has come back by `margin_percent` of the mark, so that
// the answer does not change with every document. Statuses, acknowledgements, recalls and notices are no new documents:
// who asks here is only the gate for new documents, and the doors, to spare the bytes. Any thread.
//
// Disk and memory refuse everything. `transfers` and `bytes` are about what waits to be handed on: they refuse what
// would wait here as well, and never what is only kept in inboxes of this node. Of what another node brings they refuse
// only what would join a lane that holds more than its share. Nodes that are all beyond their marks because a link was
// down therefore take each other's documents when it is back: lanes form a tree, and at its ends nothing waits. What
// waits stays below twice the mark.
#pragma once

#include "daemon/base/failure.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace vanthu::intake {

struct pressure_marks {                                 // 0: no such mark
    std::uint64_t free_bytes = 0;                       // of the store's file system: not below
    std::uint64_t memory = 0, transfers = 0, bytes = 0; // not above
    unsigned margin_percent = 10;
};

struct load {
    struct lane {
        std::string node; // what waits for this next hop
        std::uint64_t transfers = 0, bytes = 0;
    };
    std::uint64_t free_bytes = UINT64_MAX, memory = 0, transfers = 0, bytes = 0;
    std::vector<lane> lanes;
};

// A new document, as far as it is known.
struct demand {
    std::set<std::string> hops; // nodes it would wait for; empty: none, or not known yet
    bool from_node = false;     // another node brings it, and keeps it meanwhile
};

class pressure {
public:
    enum class cause : unsigned { disk, memory, transfers, bytes };
    static constexpr std::array all{cause::disk, cause::memory, cause::transfers, cause::bytes};
    // How long a sender is asked to wait.
    static constexpr std::chrono::seconds retry_after{30};

    explicit pressure(pressure_marks marks) : marks_(marks) {}

    // True: refusing has begun, ended, or has another cause.
    bool look(const load&);
    bool refusing() const { return causes_.load(std::memory_order_relaxed) != 0; }
    bool has(cause c) const { return (causes_.load(std::memory_order_relaxed) >> unsigned(c)) & 1; }
    load last() const; // without the lanes
    const pressure_marks& marks() const { return marks_; }
    // errc::overloaded with the causes as detail, or nothing.
    result<> may_take(const demand&) const;
    std::string causes() const; // between spaces, as words; empty: none

private:
    using long_lanes = std::set<std::string, std::less<>>;
    std::shared_ptr<const long_lanes> too_long(const load&, unsigned causes) const;
    const pressure_marks marks_;
    std::atomic<unsigned> causes_{0};
    std::atomic<std::shared_ptr<const long_lanes>> long_{std::make_shared<const long_lanes>()};
    std::atomic<std::uint64_t> free_{UINT64_MAX}, memory_{0}, transfers_{0}, bytes_{0};
};

std::string_view to_string(pressure::cause);

} // namespace vanthu::intake
