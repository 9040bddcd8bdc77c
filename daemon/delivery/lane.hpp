// One lane of the engine. Inside this room only.
#pragma once

#include "daemon/delivery/engine.hpp"

#include <boost/asio/steady_timer.hpp>

#include <set>
#include <unordered_map>

namespace vanthu::delivery {

struct engine::lane {
    const std::string node;
    asio::steady_timer timer;
    lane_queue queue; // this and what follows under the engine's guard_
    delivery::flow flow;
    unsigned expiring = 0;
    std::int64_t expire_not_before = 0; // after a failure to end one: not at once again
    bool warning = false;               // a batch of warnings is being written
    static constexpr std::size_t most_warnings_at_a_time = 200;
    std::size_t warnings_at_a_time = most_warnings_at_a_time; // one after a failure
    std::int64_t warn_not_before = 0;
    std::int64_t looked_at = 0;           // the clock when something was last started
    std::set<std::string> unclear_probes; // what as a probe did not tell, since the destination does not answer
    std::uint64_t delivered = 0, deferred = 0, refused = 0;
    // By document, until its first attempt takes it: composed when it was taken in.
    std::unordered_map<std::string, std::shared_ptr<const records::composition>> composed;
    lane(std::string n, const asio::any_io_executor& e, const flow_options& o)
        : node(std::move(n)), timer(e), flow(o) {}
};

// What an attempt holds of its lane: the document, and a place in the window of the destination or, for an end by time,
// among those that end. However the attempt comes to its end, an exception and a stop among that, both are given back
// once: what nobody has decided about is put off, and the destination counts as not asked. Under the engine's guard_,
// but for making and unmaking it.
class engine::holding {
public:
    holding(engine&, lane&, place, std::optional<flow::permit>); // without a permit: an end by time
    holding(const holding&) = delete;
    ~holding();

    bool ends() const { return !permit_; }
    bool probes() const { return permit_ && permit_->probe; }
    // Nothing is sent of it: from the window to those that end.
    void end_by_time();
    // Of a new document: may it go now? Where not it goes back by itself.
    bool may_be_document(std::int64_t now);
    bool is_document() const { return permit_ && permit_->document; }
    // flow::ended(), with this place.
    bool asked(std::int64_t now, fault, const outcome&, double chance);

    void gone();                              // out of the queue
    void again(const records::transfer_row&); // waits, as it is on record now
    void put_off(std::int64_t until);

private:
    engine& engine_;
    std::weak_ptr<const void> life_; // of the engine: what is torn down after it has nothing to give back
    lane& lane_;
    place what_;
    std::optional<flow::permit> permit_;
    bool in_window_, queued_ = true, new_document_ = false;
};

} // namespace vanthu::delivery
