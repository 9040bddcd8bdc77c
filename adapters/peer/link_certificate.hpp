// Which certificates may stand at the ends of a link between nodes: those made for it, and no key that signs for an
// organisation or a person (contracts 4, 7). Pure; any thread.
#pragma once

#include "adapters/peer/errors.hpp"
#include "daemon/net/http.hpp"
#include "daemon/registry/registry.hpp"

namespace vanthu::peer_link {

// Is it listed as an organisation's seal or as a person's? At whatever dates: a key does not change its role when a
// term of office ends.
bool is_for_signing(const registry::registry&, const registry::certificate_ids&);

// not_a_link_certificate, signing_certificate. Who the peer is, and whether its chain verified, is not looked at here.
enum class side { client, server };
result<> may_open_link(const net::peer_identity&, side of_the_peer, const registry::registry&);

} // namespace vanthu::peer_link
