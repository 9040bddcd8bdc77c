// Decides what is tried when. One lane per next hop; no lane waits for another.
//
//   committed work ─wake()─▶ lane (by due time, urgent first) ─▶ compose once ─▶ transport ─▶ outcome ─▶ one commit
//                              ▲                                                                │
//                              └───────────────── deferred: backoff with jitter ◀───────────────┘
//
//   committed notices ─wake_notices()─▶ round ─▶ one task per node that has some: in sequence, until it has them all
//
// Guaranteed: a transfer leaves the lane only by a commit that says how it ended; at most one attempt of a transfer
// runs at a time; the statuses of one reporter about one document go one after another, in the order of their commits
// where none is put off; what was active at a stop is waiting after the start. All of it runs on the executor given at
// construction, which must be serial; only wake() and wake_notices() may be called from any thread.
#pragma once

#include "daemon/base/clock.hpp"
#include "daemon/delivery/transport.hpp"
#include "daemon/ledger/store.hpp"
#include "daemon/records/records.hpp"
#include "daemon/registry/registry.hpp"

#include <map>
#include <memory>
#include <random>
#include <set>

namespace vanthu::delivery {

struct engine_options {
    std::string home, organisation; // canonical, code
    unsigned attempts = 60;
    unsigned concurrency = 4; // transfers to one hop at a time
    std::chrono::microseconds first_retry{std::chrono::seconds(30)}, longest_retry{std::chrono::hours(1)},
        expiry{std::chrono::hours(168)};
    std::chrono::milliseconds request_timeout{60'000}, notice_interval{2'000};
};

// Live figures of one lane, for the operator.
struct lane_view {
    std::string node;
    std::size_t waiting = 0, active = 0;
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
    void wake(const std::vector<records::transfer_row>&);
    void wake_notices();
    // An operator's "try now" (also for a parked transfer). On the engine's executor.
    task<> release(std::string owner, std::string document, std::string node);
    std::vector<lane_view> lanes() const;                                   // any thread
    bool is_active(std::string_view document, std::string_view node) const; // any thread

private:
    struct lane;
    struct item;
    struct notice_lane {
        bool running = false, again = false; // again: more came while it ran
        steady_time not_before{};            // after a failure
    };
    void add(const records::transfer_row&);
    lane& lane_of(const std::string& node);
    asio::awaitable<void> run_lane(lane&);
    asio::awaitable<void> run_notices();
    asio::awaitable<void> tell(notice_lane&, std::string node);
    task<bool> tell_some(const std::string& node);
    asio::awaitable<void> attempt(lane&, item);
    task<bool> begin(records::transfer_row&, const records::document_row&);
    task<> conclude(const records::transfer_row& before, const outcome&);
    std::int64_t backoff(unsigned attempts, std::optional<std::chrono::seconds> asked);

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
};

// The other side's transport outcomes for packets we sent: on the ladder, and back along the way. One change; answers
// how far this node's notices are now kept.
task<std::uint64_t> receive_notices(ledger::store&, std::string home, std::string node, peer::notice_call);

} // namespace vanthu::delivery
