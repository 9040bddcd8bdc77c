// Private to this folder: what the endpoints share, and the pieces of JSON they make.
#pragma once

#include "daemon/api/ladder.hpp"
#include "daemon/web/door.hpp"
#include "daemon/web/standing.hpp"

#include <boost/json.hpp>

#include <mutex>

namespace vanthu::web {

namespace json = boost::json;

// What is asked of the list of documents.
struct document_query {
    std::optional<records::state> state; // at least one recipient in it
    std::string text;                    // our id, DocumentId, number, number/notation, code, or words of the subject
    std::string before;                  // our id: older than that
};

struct operator_door::state : std::enable_shared_from_this<state> {
    operator_door_options options;
    ledger::store& store;
    delivery::engine& engine;
    asio::any_io_executor engine_executor;
    metrics::registry& meters;
    current_registry registry;
    asio::thread_pool& disk;
    const wall_clock& clock;
    timestamp started;
    std::atomic<std::shared_ptr<const secret>> bearer;
    std::atomic<std::shared_ptr<const calendar::office>> office{std::make_shared<const calendar::office>()};
    std::atomic<std::shared_ptr<const std::set<std::string>>> hosts;

    state(operator_door_options o, ledger::store& s, delivery::engine& e, asio::any_io_executor x, metrics::registry& m,
          current_registry r, asio::thread_pool& d, const wall_clock& c)
        : options(std::move(o)), store(s), engine(e), engine_executor(std::move(x)), meters(m), registry(std::move(r)),
          disk(d), clock(c), started(c.now()) {}

    // door.cpp
    std::optional<net::response> refuse_at_the_door(const net::request&) const;
    asio::awaitable<net::response> serve_api(net::request&);
    task<std::string> owner_of(std::string document, std::optional<std::string> owner);
    task<json::object> release(net::request&);
    task<json::object> send_back(net::request&);
    task<json::object> release_all(std::string owner, std::string document);
    task<json::object> destroy(net::request&, std::string id);

    // All that follows reads the store: on the disk pool.
    result<json::object> overview();                       // overview.cpp
    result<json::object> quarantine() const;               //
    void collect(metrics::registry&);                      //
    result<json::object> documents(const document_query&); // documents.cpp
    result<json::object> document(const std::string& id);  //

    // Whose rows are shown: all that have some, also those that another node serves by now.
    result<std::vector<std::string>> owners() const;
    // Refreshes the view at most once a second and calls `look` while it is still.
    result<> with_standing(const std::function<void(const standing&)>& look);
    result<std::optional<records::document_row>> find(const std::string& id);
    // api::ladder(), with what is being sent at this moment.
    result<json::object> ladder(const records::reader&, const records::document_row&, const registry::registry&) const;

private:
    std::mutex guard_; // of the two below
    standing standing_;
    std::optional<timestamp> refreshed_at_;
    std::mutex counted_guard_;
    std::map<std::pair<std::string, std::string>, std::uint64_t> counted_; // destination, outcome → told so far
};

std::string time_text(std::int64_t us); // RFC 3339 UTC; empty for 0
// A code or "@id" as a person reads it.
std::string organisation_name(const registry::registry&, const std::string& canonical, timestamp);

} // namespace vanthu::web
