// Parked because of the registry (unknown code, closed organisation, no route), and tried again when it has changed.
//
//   unplaced row ─▶ route() with the registry of now ─▶ still held: stays, a new reason goes on record
//                                                    └▶ one change: inbox entry or transfer, identity key, event
//
// Guaranteed: a consignment is placed once, whatever stops in between, because the row that names it goes in the change
// that places it; one change a batch of at most `batch` consignments; no consignment gets a second inbox id, also when
// the same document has reached its recipient under another code in the meantime.
// A hop that has an unfinished transfer of the same document is waited for: two envelopes of one document are never
// under way to one node.
// What an operator does with what is parked at the gate goes through here too: release() lets go on what is held
// (policy, first page unseen), send_back() ends that and what the registry could not place.
//
// Threads: wake() may be called from any; everything else on any executor, reading on the disk pool.
#pragma once

#include "daemon/intake/gate.hpp"

#include <boost/asio/steady_timer.hpp>

namespace vanthu::intake {

struct companion;
struct outcome;
struct routed;

class rerouting {
public:
    struct report {
        std::size_t placed = 0; // consignments that left
        std::size_t held = 0;   // still without a way
        std::size_t later = 0;  // an earlier transfer to the same hop has not ended
    };

    // The gate must outlive it.
    rerouting(gate&, asio::any_io_executor, std::size_t batch = 256,
              std::chrono::milliseconds look_again = std::chrono::seconds(30));

    // A pass at once, then one after every wake(), until cancelled.
    asio::awaitable<void> run();
    void wake(); // the registry has changed
    // Every unplaced consignment once. `by`: on whose behalf, for the record.
    task<report> pass(std::string by);
    // What a pass would do under another registry, from the store as it is: nothing is written. An earlier transfer to
    // the same hop may still let one of them wait for a while. On the disk pool.
    struct planned {
        records::document_row document;
        std::string recipient_code;
        std::string reason;             // on record
        registry::route_decision route; // points into that registry
        std::string hold;               // why an operator would have to let it go on all the same; empty: nothing
    };
    struct plan {
        std::size_t placed = 0, held = 0;
        std::vector<planned> leaving; // the first `list_at_most` that would be placed
    };
    result<plan> dry_run(std::shared_ptr<const registry::registry> next, std::size_t list_at_most) const;
    // Those of one document, an operator's act.
    task<report> release(std::string owner, std::string document, std::string by);
    // The recipients of one document that are held or unplaced do not get it: it goes back to its sender with the
    // operator's `words`, by status 02 from a held recipient that we serve, by the notice "returned" for any other
    // (contracts 3: nobody refuses for others). One change. Answers for how many; nothing_held: none, and nothing has
    // changed.
    task<std::size_t> send_back(std::string owner, std::string document, std::string words, std::string by);

private:
    struct candidate;
    using places = std::vector<records::reader::unplaced>;
    task<report> move(places, std::string by);
    result<std::vector<candidate>> look(const places&, const registry::registry&, report&) const;
    result<> prepare(candidate&) const;
    // The status of a recipient that we serve, its payload stored; `refusal` and `words` as for compose_companion().
    result<std::unique_ptr<companion>> answer_of(const records::document_row&, const routed& recipient,
                                                 const std::string& refusal, const std::string& words) const;
    void announce(ledger::transaction&, const outcome&) const; // to lanes and inboxes, when it is durable

    gate& gate_;
    asio::steady_timer timer_;
    std::size_t batch_;
    std::chrono::milliseconds look_again_;
    bool woken_ = false;
};

} // namespace vanthu::intake
