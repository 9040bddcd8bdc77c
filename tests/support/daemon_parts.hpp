// One whole node in this process, as daemon/main.cpp puts it together: store, receipt log with a key of its own, spool,
// gate, eOffice API on loopback over plain HTTP, delivery engine, and the peer door over mutual TLS. No inspector: PDFs
// are "not_checked". Aborts where it cannot start.
#pragma once

#include "adapters/peer/receiver.hpp"
#include "adapters/peer/sender.hpp"
#include "daemon/api/eoffice.hpp"
#include "daemon/delivery/engine.hpp"
#include "daemon/intake/pressure.hpp"
#include "daemon/intake/rerouting.hpp"
#include "daemon/net/client.hpp"
#include "daemon/net/io_threads.hpp"
#include "daemon/net/server.hpp"
#include "daemon/reconciliation/rounds.hpp"
#include "tests/support/node_texts.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_ca.hpp"

#include <atomic>
#include <boost/json.hpp>

namespace vanthu::test {

struct node_spec {
    std::string node = "h48", home = "@tinh", organisation = "H48"; // id and organisation in the registry
    std::string registry;                                           // TOML; "@CA@" stands for the CA's file
    std::string credentials;                                        // TOML
    intake::policy policy;
    std::uint64_t packet_limit = 64u << 20;
    std::uint64_t memory_spool = 1u << 20;
    std::uint64_t resumable_from = 1u << 20;
    std::uint64_t spool_quota = 256u << 20;
    bool delivers = true;                 // false: what is queued stays queued
    intake::pressure* pressure = nullptr; // who refuses new documents; none: nobody
    // Instead of the links to other nodes; null: no way to that one.
    std::function<delivery::transport*(const std::string& node)> transports;
    // Instead of asking the other node about its records.
    reconciliation::rounds::asker asks;
    unsigned questions_per_minute = 10'000;
};

// What a call of the API answered.
struct reply {
    int status = 0;
    net::headers fields;
    std::string body;
    boost::json::object json() const; // aborts the test case where it is none
    std::string code() const;         // of the error object
};

// A client on a thread of its own. Aborts where it cannot be made.
class test_client {
public:
    explicit test_client(net::client_options);
    ~test_client();
    result<net::client_response> send(net::client_request);

private:
    net::io_threads thread_{1, "test-client"};
    std::unique_ptr<net::client> client_;
};

class daemon_parts {
public:
    daemon_parts(const test_ca& ca, node_spec spec);
    ~daemon_parts();

    std::string peer_url() const { return "https://127.0.0.1:" + std::to_string(peer_door->port()); }
    void use_registry(const std::string& toml);
    // Of the eOffice API; `key` empty: no Authorization.
    reply call(const std::string& key, const std::string& method, const std::string& target, std::string body = {},
               net::headers fields = {});
    // The bytes of everything below the store's and the spool's folder.
    std::uint64_t bytes_on_disk() const;
    // Takes all down and opens the same store again, as after a stop.
    void restart(const std::function<void()>& while_down = {});
    receipt::trust_anchors anchors() const;

    const test_ca& ca;
    node_spec spec;
    temporary_directory folder;
    identity service;
    system_clock clock;

    std::unique_ptr<asio::thread_pool> disk, crypto;
    std::unique_ptr<net::io_threads> network, decisions;
    std::unique_ptr<ledger::store> store;
    std::unique_ptr<ledger::receipt_log> receipts;
    std::unique_ptr<ledger::spool> spool;
    std::unique_ptr<intake::gate> gate;
    std::unique_ptr<peer_link::links> links;
    std::unique_ptr<delivery::engine> engine;
    std::unique_ptr<reconciliation::rounds> rounds; // runs when it is asked to
    std::unique_ptr<intake::rerouting> rerouting;   // runs when it is asked to
    std::unique_ptr<api::inbox_bell> bell;
    std::unique_ptr<api::eoffice> eoffice;
    std::unique_ptr<peer_link::receiver> receiver;
    std::unique_ptr<task_group> lanes;
    std::unique_ptr<net::server> api_door, peer_door;
    std::atomic<unsigned> manifests_alone = 0; // calls of peers that brought a manifest and no packet

private:
    void start();
    void stop();
    std::string log_key_;
    std::uint16_t peer_port_ = 0; // kept over a restart
};

} // namespace vanthu::test
