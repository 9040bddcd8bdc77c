// The operator's door: one page, the JSON it is made of, and /metrics (docs/operator.md). Contracts 16.
//
//   request ─▶ Host ─▶ not from another site ─▶ /, /static/*                         files in memory, no secret
//                                             └▶ bearer secret ─▶ /api/*, /metrics   views of the store; actions
//
// Guaranteed: nothing under /api/ and no metric is answered without the secret, except over a Unix socket or verified
// mutual TLS when no secret is configured. Only the Authorization field counts: there are no cookies, so that another
// site's page can do nothing with the operator's browser. What came from outside is answered as JSON text only, never
// as markup. The document's content is not shown here at all.
//
// Threads: handle() runs on any network executor; reading the store and the files runs on the disk pool, a release on
// the engine's executor. use_secret(), use_calendar() and listening_at() may be called from any thread.
#pragma once

#include "daemon/base/metrics.hpp"
#include "daemon/base/secret.hpp"
#include "daemon/calendar/duties.hpp"
#include "daemon/delivery/engine.hpp"
#include "daemon/intake/pressure.hpp"
#include "daemon/intake/rerouting.hpp"
#include "daemon/net/http.hpp"
#include "daemon/reconciliation/rounds.hpp"
#include "daemon/web/pages.hpp"

#include <atomic>
#include <set>

namespace vanthu::web {

struct operator_door_options {
    std::string node, home;           // our node's id; our organisation, canonical ("@id")
    std::filesystem::path quarantine; // intake::gate_options::quarantine; empty: none
    std::filesystem::path backups;    // where backups go; empty: none is made
    web::pages pages;
    std::size_t search_at_most = 5000;          // documents looked through by one search request
    const intake::pressure* pressure = nullptr; // shown, where given; must outlive the door
    // Routes the recipients of a document that the registry could not place; answers how many left. On the engine's
    // executor.
    std::function<task<std::size_t>(std::string owner, std::string document)> place_again;
    // Sends what is parked of a document at the gate back to its sender with these words
    // (intake::rerouting::send_back()); answers for how many recipients. On the engine's executor.
    std::function<task<std::size_t>(std::string owner, std::string document, std::string words, std::string by)>
        send_back;
    // What another registry would do to what is held. On the disk pool.
    std::function<result<intake::rerouting::plan>(std::shared_ptr<const registry::registry>, std::size_t list_at_most)>
        dry_run;
    reconciliation::rounds* rounds = nullptr; // must outlive the door; null: no /api/reconcile
};

class operator_door {
public:
    using current_registry = std::function<std::shared_ptr<const registry::registry>()>;

    // All references must outlive the door. Registers itself with `meters` for the gauges of queues and inboxes
    // (daemon/metric_table.cpp, "the operator door"): expose() only while the door lives.
    operator_door(operator_door_options, ledger::store&, delivery::engine&, asio::any_io_executor engine_executor,
                  metrics::registry& meters, current_registry, asio::thread_pool& disk, const wall_clock&);
    ~operator_door();
    operator_door(const operator_door&) = delete;

    // Empty: none is asked for on a Unix socket and over verified mutual TLS, and nothing is answered on plain TCP.
    void use_secret(secret);
    void use_calendar(std::shared_ptr<const calendar::office>);
    // The address as bound (net::server::address()) and further names the operator may use, each with its port
    // ("vanthu.xa.local:9443"). Before it is called only a Unix socket is served.
    void listening_at(std::string_view address, const std::vector<std::string>& further = {});

    asio::awaitable<net::response> handle(net::request&);

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace vanthu::web
