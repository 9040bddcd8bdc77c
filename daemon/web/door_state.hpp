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

// The one backup that runs, or the last one of this process.
struct backup_run {
    enum class stage { none, running, done, failed } now = stage::none;
    std::filesystem::path directory;
    std::string officer;
    timestamp started{};
    std::optional<timestamp> ended;
    ledger::backup_progress far;
    std::error_code error; // failed
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
    task<json::object> reconcile(net::request&); // reconciliation.cpp
    task<json::object> back_up(net::request&);
    task<json::object> plan_registry(net::request&); // registry_plan.cpp

    // backup.cpp
    task<json::object> start_backup(std::string officer, std::string reason, std::string name); // empty: by the time
    json::object backup_state();

    // All that follows reads the store: on the disk pool.
    result<json::object> overview();                       // overview.cpp
    result<json::object> quarantine() const;               //
    result<json::object> reconciled(bool findings) const;  // reconciliation.cpp
    void collect_reconciled(metrics::registry&) const;     //
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
    result<> claim_backup(const std::string& officer, const std::string& name);
    void backup_ended(const result<ledger::backup_progress>&);
    void run_backup();

    std::mutex guard_; // of the two below
    standing standing_;
    std::optional<timestamp> refreshed_at_;
    std::mutex counted_guard_;
    std::map<std::pair<std::string, std::string>, std::uint64_t> counted_; // destination, outcome → told so far
    std::mutex backup_guard_;
    backup_run backup_;
    asio::thread_pool backup_thread_{1}; // not of the disk pool: it is busy for as long as the copying takes
};

std::string time_text(std::int64_t us); // RFC 3339 UTC; empty for 0
// A code or "@id" as a person reads it.
std::string organisation_name(const registry::registry&, const std::string& canonical, timestamp);

} // namespace vanthu::web
