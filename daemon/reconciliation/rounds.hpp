// When is compared with whom, and what becomes of it (docs/reliability.md, "Reconciliation").
//
//   schedule, operator ─▶ one round a node: page by page ─▶ question ─▶ answer ─▶ compare ─▶ repair (one change a page)
//                                                                                      └───▶ report, one row a node
//
// A round that is asked for compares all that was sent in its window. The schedule does so once, and from then on asks
// about what no round has confirmed (survey.hpp) and for the list of what came since; where the other side has lost
// something it goes on with the others.
//
// Guaranteed: at most one question to a node is under way; the work of a round is bounded by our own record (of the
// other side's list: `listed_pages` and a page for each hundred packets on record here), and in time; the schedule has a
// few nodes compared at a time, so that a slow one puts off nobody for long; an answer that does not fit ends the round
// and nothing of that page is believed; delivery never waits for a round (its rows are read in pages on the disk pool,
// and repairs only put transfers into their lanes). A round that is cancelled, or that ends at what may pass, leaves its
// repairs and how far it was: the next start or the schedule's next try goes on from there. So lists of any length come
// to their end.
// Threads: run() and start() on the executor given, which must be serial; last() and running() from any.
#pragma once

#include "daemon/base/task.hpp"
#include "daemon/reconciliation/repair.hpp"
#include "daemon/reconciliation/survey.hpp"
#include "daemon/registry/registry.hpp"

#include <atomic>
#include <mutex>

namespace vanthu::reconciliation {

struct round_options {
    std::string node, home, organisation; // ours: id, canonical, code
    std::chrono::microseconds every{0};   // 0: only when asked
    std::chrono::microseconds span{std::chrono::hours(24 * 30)};
    std::chrono::microseconds settled{std::chrono::minutes(10)};
    std::chrono::milliseconds pause{250}; // between two questions to a node; the other side limits them
    std::chrono::milliseconds request_timeout{60'000};
    // A round ends as too_slow when it has taken both: `longest`, and `a_page` for each page so far.
    std::chrono::milliseconds longest{std::chrono::minutes(10)}, a_page{1'000};
    unsigned repairs_at_most = 3;  // of one packet
    unsigned tries = 3;            // of one question
    unsigned listed_pages = 4'000; // of one list, and one more for each hundred packets on record here
    unsigned kept_every = 16;      // pages, at least, after which it is on disk how far a round is
};

struct asked_round {
    std::string node;                         // empty: every node that can be asked
    std::optional<std::int64_t> since, until; // microseconds UTC; absent: the last `span`, until now
    bool repair = true;
    std::string by = "operator";
    bool go_on = false;        // the one that was interrupted, if there is one
    bool only_changes = false; // if one of all has come to its end before
};

class rounds {
public:
    using current_registry = std::function<std::shared_ptr<const registry::registry>()>;
    // Asks one question once. errc::cannot_compare: an older version.
    using asker =
        std::function<task<peer::reconcile_answer>(std::string node, peer::reconcile_question, steady_time deadline)>;
    using waker = std::function<void(const std::vector<records::transfer_row>&)>;

    rounds(round_options, ledger::store&, asio::any_io_executor, asio::thread_pool& disk, const wall_clock&,
           current_registry, asker, waker);

    // Goes on with what was interrupted, then the schedule; rounds live in `group`, which outlives it.
    void run_in(task_group& group);
    void use_calendar(std::shared_ptr<const calendar::office>);
    // Begins rounds and does not wait for them: those that it answers with run from now on. errc::node_unknown,
    // running.
    result<std::vector<std::string>> start(asked_round);
    // One round, to its end. What went wrong stands in the report; a failure here is the store's own.
    task<report_row> compare_with(asked_round);

    // The last reports, by node; from the store. Without `findings` much is not read.
    result<std::vector<report_row>> last(bool findings = true) const;
    std::set<std::string> running() const;

private:
    struct round;
    asio::awaitable<void> schedule();
    asio::awaitable<void> sleep_for(std::chrono::steady_clock::duration);
    std::vector<std::string> nodes() const;
    std::string name_of(const std::string& node) const;
    bool is_due(const report_row& last) const;
    void go_on_with(asked_round, bool by_schedule); // begun
    task<report_row> run(asked_round);              // begun
    std::string organisation_of(const std::string& node) const;
    bool begin(const std::string& node);
    void end(const std::string& node);
    task<> begin_round(round&, const asked_round&);
    task<> end_round(round&, const result<>& how);
    task<> go_through(round&);
    task<> ask_witnesses(round&);
    task<> compare_sent(round&, walk);
    task<> compare_list(round&);
    result<> take_page(round&, peer::reconcile_answer&);
    task<peer::reconcile_answer> ask(round&, peer::reconcile_question);
    struct page_change;
    task<> keep(round&, page_change);

    round_options options_;
    ledger::store& store_;
    asio::any_io_executor executor_;
    asio::thread_pool& disk_;
    const wall_clock& clock_;
    current_registry registry_;
    asker ask_;
    waker wake_;
    std::atomic<std::shared_ptr<const calendar::office>> office_{std::make_shared<const calendar::office>()};
    task_group* group_ = nullptr;
    unsigned scheduled_ = 0;   // rounds that the schedule has begun and that have not ended
    mutable std::mutex guard_; // of running_
    std::set<std::string> running_;
};

} // namespace vanthu::reconciliation
