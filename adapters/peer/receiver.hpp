// The door for other nodes: /peer/v1. Mutual TLS has proven a certificate; the registry says which node that is.
//
//   GET  /peer/v1/hello                         versions, limits, clock
//   PUT  /peer/v1/packets/{sha256}/manifest     what comes and for whom; answers "known" with the receipt, or "wanted"
//   PUT  /peer/v1/packets/{sha256}              the packet, whole or from the offset wanted; 201 (new) or 200 with the
//   receipt POST /peer/v1/notices                       transport outcomes, in sequence
//   POST /peer/v1/reconcile                     what stands here of what that node has sent
//   (schemas/peer/reconciliation.hpp)
//
// "Known" is said only to a node that has itself sent the full bytes (contracts 5). Any executor.
#pragma once

#include "daemon/delivery/engine.hpp"
#include "daemon/intake/gate.hpp"

#include <expected>
#include <map>
#include <mutex>

namespace vanthu::peer_link {

struct receiver_options {
    std::string node, home, organisation;
    std::uint64_t packet_limit = 2ull << 30;
    std::uint64_t resumable_from = 1u << 20; // smaller packets are simply sent again
    std::size_t transfers_per_node = 256;
    unsigned questions_per_minute = 300; // of one node, about the records of its link
    std::vector<digest> ca_sha256;       // of the certificates that the listener trusts for clients
};

class receiver {
public:
    receiver(receiver_options, intake::gate&, ledger::store&, ledger::receipt_log&, ledger::spool&,
             asio::thread_pool& disk, const wall_clock&);
    asio::awaitable<net::response> handle(net::request&);
    // May a client whose chain does not verify under the listener's CA come in? Only a key pinned in the registry.
    bool pinned(const net::peer_identity&) const;
    std::function<void()> on_notices; // new notices wait for somebody upstream

private:
    struct incoming {
        peer::manifest manifest;
        std::unique_ptr<ledger::spool_file> part; // what has arrived of a large packet
        bool running = false;
        std::uint64_t touched = 0;
    };
    using key = std::pair<std::string, digest>;

    const registry::node* who(const net::peer_identity&, const registry::registry&) const;
    std::string hello() const;
    struct expected {
        std::optional<std::string> receipt; // it is here already
        std::uint64_t offset = 0;           // else it goes on from here
    };
    std::expected<expected, net::response> expect(std::string_view manifest, const std::string& node, const digest&);
    asio::awaitable<net::response> announce(net::request&, const std::string& node, const digest&);
    asio::awaitable<net::response> receive(net::request&, const std::string& node, const digest&);
    task<intake::accepted> take(net::request&, const std::string& node, incoming&);
    asio::awaitable<net::response> notices(net::request&, const std::string& node);
    asio::awaitable<net::response> reconcile(net::request&, const std::string& node);
    struct questions {
        bool running = false;
        steady_time minute{}; // counted since
        unsigned asked = 0;
    };
    bool may_ask(questions&) const;

    receiver_options options_;
    intake::gate& gate_;
    ledger::store& store_;
    ledger::receipt_log& log_;
    ledger::spool& spool_;
    asio::thread_pool& disk_;
    const wall_clock& clock_;
    std::mutex guard_;
    std::map<key, std::shared_ptr<incoming>> incoming_;
    std::uint64_t touches_ = 0;
    std::map<std::string, questions> questions_; // by node
};

} // namespace vanthu::peer_link
