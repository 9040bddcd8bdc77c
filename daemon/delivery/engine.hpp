// Decides what is tried when. One lane per next hop; no lane waits for another.
//
//   committed work ─wake()─▶ lane_queue (urgency, due time) ─flow─▶ compose once ─▶ transport ─▶ outcome ─▶ one commit
//                              ▲                                                                    │
//                              └──────────────── deferred: backoff with jitter ◀──── fault.hpp ◀────┘
//
//   committed notices ─wake_notices()─▶ round ─▶ one task per node that has some: in sequence, until it has them all
//
// Guaranteed: a transfer leaves the lane only by a commit that says how it ended; at most one attempt of a transfer
// runs at a time; the statuses of one reporter about one document go one after another, in the order of their commits
// where none is put off; what was active at a stop is waiting after the start. A destination that does not answer is
// asked by probes, which count as nobody's attempt (flow.hpp); expiry and its warning run all the same. All of it runs
// on the executor given at construction, which must be serial; only wake() and wake_notices() may be called from any
// thread.
#pragma once

#include "daemon/base/clock.hpp"
#include "daemon/delivery/attempt.hpp"
#include "daemon/delivery/flow.hpp"
#include "daemon/delivery/lane_queue.hpp"
#include "daemon/delivery/packet_stream.hpp"
#include "daemon/delivery/transport.hpp"
#include "daemon/ledger/store.hpp"
#include "daemon/records/records.hpp"
#include "daemon/registry/registry.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <random>

namespace vanthu::delivery {

struct engine_options {
    std::string home, organisation; // canonical, code
    unsigned attempts = 60;
    unsigned concurrency = 4, first_window = 1; // transfers to one hop at a time: at most, and to begin with
    unsigned failures_to_open = 5;              // in a row, until a hop is asked by probes only
    std::chrono::microseconds first_retry{std::chrono::seconds(30)}, longest_retry{std::chrono::hours(1)},
        first_probe{std::chrono::seconds(10)}, longest_probe{std::chrono::minutes(5)}, expiry{std::chrono::hours(168)},
        expiry_warning{std::chrono::hours(24)}; // before it; at the earliest after half of the time
    std::chrono::milliseconds request_timeout{60'000}, notice_interval{2'000};
};

// Live figures of one lane, for the operator.
struct lane_view {
    std::string node;
    std::size_t waiting = 0, active = 0;                  // the active ones wait too
    std::array<std::size_t, lane_queue::classes> ready{}; // due, by urgency
    std::uint64_t bytes = 0;                              // of all that wait
    flow_standing flow;
    std::int64_t oldest_created_at = 0, next_due_at = 0;    // microseconds UTC, 0: none
    std::uint64_t delivered = 0, deferred = 0, refused = 0; // since the start
};

class engine {
public:
    using transport_for = std::function<transport*(const std::string& node)>; // nullptr: none
    using current_registry = std::function<std::shared_ptr<const registry::registry>()>;

    engine(engine_options, ledger::store&, asio::any_io_executor, asio::thread_pool& disk, const wall_clock&,
           current_registry, transport_for);
    ~engine();

    // Loads what waits from the store and starts the lanes in `group`.
    result<> start(task_group& group);
    // `composed`: of those whose document it names, what will be sent unless something was composed before.
    void wake(std::vector<records::transfer_row>, records::composed_ahead composed = {});
    // Is there room for what wake() brings composed? Without it is composed when it is sent. Any thread.
    bool keeps_composed() const { return composed_bytes_ < most_composed_bytes; }
    void wake_notices();
    // An operator's "try now" (also for a parked transfer). On the engine's executor.
    task<> release(std::string owner, std::string document, std::string node);
    // An operator's "no more": what of the document is parked after its attempts goes back to its sender, with these
    // words on record. Answers how many recipients; not_waiting: nothing is parked; may_have_arrived, and nothing is
    // changed: an attempt ended without an answer, and that was not `confirmed`. On the engine's executor.
    task<std::size_t> give_up(std::string owner, std::string document, std::string words, std::string by,
                              bool confirmed);
    std::vector<lane_view> lanes() const;                                   // any thread
    bool is_active(std::string_view document, std::string_view node) const; // any thread
    // (document, node) of what is being sent at this moment. Any thread.
    std::vector<std::pair<std::string, std::string>> active() const;
    // Why nothing goes to a node now, unless it goes. Any thread.
    std::optional<flow_standing> trouble(std::string_view node) const;
    struct backlog {
        std::size_t transfers = 0;
        std::uint64_t bytes = 0;
    };
    backlog waiting() const; // any thread
    unsigned attempts() const { return options_.attempts; }

private:
    struct lane;
    class holding;
    struct notice_lane {
        bool running = false, again = false; // again: more came while it ran
        steady_time not_before{};            // after a failure
    };
    using place = lane_queue::place;
    void add(const records::transfer_row&, const records::composed_ahead& = {});
    std::shared_ptr<const records::composition> take_composed(lane&, const std::string& document);
    static lane_queue::entry queued(const records::transfer_row&);
    lane& lane_of(const std::string& node);
    asio::awaitable<void> run_lane(lane&);
    std::int64_t start_what_may(lane&);
    std::optional<place> take_probe(lane&, std::int64_t now);
    asio::awaitable<void> attempt(lane&, place, std::optional<flow::permit>);
    task<outcome> try_once(lane&, records::transfer_row&, const records::document_row&);
    asio::awaitable<void> warn(lane&, std::vector<place>);
    asio::awaitable<void> run_notices();
    asio::awaitable<void> tell(notice_lane&, std::string node);
    task<bool> tell_some(const std::string& node);
    task<bool> begin(lane&, records::transfer_row&, const records::document_row&, received_bytes& received);
    task<composition> compose_for(lane&, const records::transfer_row&, const records::document_row&);
    task<records::transfer_row> conclude(const records::document_row&, const records::transfer_row& before,
                                         const outcome&, const attempt_rules&);
    attempt_rules rules_after(lane&, holding&, const records::transfer_row&, const outcome&);
    std::int64_t warn_after() const;
    double chance();

    engine_options options_;
    ledger::store& store_;
    asio::any_io_executor executor_;
    asio::thread_pool& disk_;
    const wall_clock& clock_;
    current_registry registry_;
    transport_for transport_for_;
    task_group* group_ = nullptr;
    mutable std::mutex guard_; // of lanes_ for the views
    std::map<std::string, std::unique_ptr<lane>> lanes_;
    std::unique_ptr<asio::steady_timer> notice_timer_;
    std::map<std::string, notice_lane> notice_lanes_;
    std::size_t telling_ = 0; // nodes being told now
    std::string told_last_;   // who was begun with last: the next round begins behind it
    std::mt19937_64 random_;
    std::shared_ptr<const void> life_ = std::make_shared<int>();
    static constexpr std::size_t most_composed_bytes = 4u << 20;
    std::atomic<std::size_t> composed_bytes_ = 0; // of lane::composed, of all lanes
    // Bytes of packets in memory, of the attempts that run.
    std::shared_ptr<std::uint64_t> held_ = std::make_shared<std::uint64_t>(0);
    std::shared_ptr<packet_memory> memory_ = std::make_shared<packet_memory>();
};

// The other side's transport outcomes for packets we sent: on the ladder, and back along the way. One change; answers
// how far this node's notices are now kept.
task<std::uint64_t> receive_notices(ledger::store&, std::string home, std::string node, peer::notice_call);

} // namespace vanthu::delivery
