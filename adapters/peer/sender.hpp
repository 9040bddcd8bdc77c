// Hands packets and notices to another node over HTTPS with mutual TLS. One attempt a call; the engine decides the
// rest.
#pragma once

#include "daemon/delivery/transport.hpp"
#include "daemon/net/client.hpp"
#include "daemon/registry/registry.hpp"
#include "schemas/peer/reconciliation.hpp"
#include "schemas/receipt/receipt.hpp"

#include <map>
#include <memory>

namespace vanthu::peer_link {

struct sender_options {
    std::filesystem::path certificate_file, key_file; // of this node
    std::filesystem::path ca_file;  // trusts the other nodes, where the registry names no file for one
    receipt::trust_anchors anchors; // for their receipts
    std::size_t connections = 8;    // to one node at most; a call beyond it waits
};

// All calls from the executor given.
class links {
public:
    links(sender_options, asio::any_io_executor, std::function<std::shared_ptr<const registry::registry>()>,
          const wall_clock&);
    ~links();
    // The transport to a node, or nullptr when the registry gives no way to reach it. Follows the registry: a changed
    // row opens a new connection.
    delivery::transport* to(const std::string& node);
    // One question about the records of the link. reconciliation::errc: node_unknown (no way to it), cannot_compare
    // (its hello does not name the capability), not_reached, refused_there; else as of net::client and schemas/peer.
    task<peer::reconcile_answer> reconcile(std::string node, peer::reconcile_question, steady_time deadline);

private:
    class link;
    link* link_to(const std::string& node);
    sender_options options_;
    asio::any_io_executor executor_;
    std::function<std::shared_ptr<const registry::registry>()> registry_;
    const wall_clock& clock_;
    std::map<std::string, std::unique_ptr<link>> links_;
    std::vector<std::unique_ptr<link>> replaced_; // may still be used by an attempt under way
};

} // namespace vanthu::peer_link
