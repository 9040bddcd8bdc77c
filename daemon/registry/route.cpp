// The way of a packet and the right to deliver one: two readings of the same tree of nodes.
//
//   national axis          (a node of kind axis, or none)
//        │
//      node of the highest organisation
//      │            │
//    node         node     each vanthu node serves its organisation and everything below without a nearer server
//      │
//    node
//
// A node looks at the chain of uplinks from the recipient's server. If it stands in the chain itself, the packet goes
// down to the link before it; if not, up. Because all nodes read the same chain, this ends at the server.
#include "daemon/registry/nearest.hpp"
#include "daemon/registry/registry.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::registry {
namespace {
const node* valid_or_null(const node* n, timestamp at) { return n && n->valid.contains(at) ? n : nullptr; }
} // namespace

std::string_view to_string(route_kind k) {
    switch (k) {
    case route_kind::local:
        return "local";
    case route_kind::hop:
        return "hop";
    case route_kind::axis:
        return "axis";
    case route_kind::held:
        return "held";
    }
    return "";
}

std::string_view to_string(held_reason r) {
    switch (r) {
    case held_reason::none:
        return "none";
    case held_reason::unknown_organisation:
        return "unknown_organisation";
    case held_reason::closed_no_successor:
        return "closed_no_successor";
    case held_reason::closed_several_successors:
        return "closed_several_successors";
    case held_reason::no_route:
        return "no_route";
    case held_reason::former_node_gone:
        return "former_node_gone";
    case held_reason::would_return:
        return "would_return";
    }
    return "";
}

std::string_view to_string(delivery_reason r) {
    switch (r) {
    case delivery_reason::none:
        return "none";
    case delivery_reason::unknown_peer:
        return "unknown_peer";
    case delivery_reason::served_here:
        return "served_here";
    case delivery_reason::behind_another_peer:
        return "behind_another_peer";
    }
    return "";
}

const node* registry::own_server(const organisation& o, timestamp at) const {
    if (const std::string* id = valid_value(o.served_by, at))
        if (const node* n = valid_or_null(find_node(*id), at)) return n;
    if (auto daemons = daemons_of_.find(o.id); daemons != daemons_of_.end())
        for (const node* n : daemons->second)
            if (n->valid.contains(at)) return n;
    return nullptr;
}

const node* registry::server(const organisation& o, timestamp at) const {
    for (const organisation* above = &o; above; above = parent(*above, at))
        if (const node* n = own_server(*above, at)) return n;
    return nullptr;
}

std::vector<const organisation*> registry::served_by(std::string_view node_id, timestamp at) const {
    std::vector<const organisation*> out;
    const node* n = find_node(node_id);
    for (const organisation& o : organisations_)
        if (n && server(o, at) == n) out.push_back(&o);
    return out;
}

bool registry::speaks_for(std::string_view node_id, std::string_view code, timestamp at) const {
    const organisation* o = resolve(code, at).found;
    const node* n = find_node(node_id);
    if (!o || !n) return false;
    return server(*o, at) == n || std::ranges::any_of(current(*o, at).organisations, [&](const organisation* holder) {
               return server(*holder, at) == n;
           });
}

std::vector<const node*> registry::servers_lately(const organisation& o, timestamp at) const {
    std::vector<const node*> out;
    for (int days = 0; days <= 30; ++days) // rows change at midnight
        if (const node* n = server(o, at - std::chrono::days(days)); n && std::ranges::find(out, n) == out.end())
            out.push_back(n);
    return out;
}

const node* registry::uplink(const node& n, timestamp at) const {
    if (const node* named = valid_or_null(find_node(n.uplink), at)) return named;
    if (n.kind == node_kind::axis) return nullptr;
    const organisation* own = find_organisation(n.organisation);
    for (const organisation* above = own ? parent(*own, at) : nullptr; above; above = parent(*above, at))
        if (const node* s = own_server(*above, at); s && s != &n) return s;
    return nullptr;
}

// The first node of the way from `own` (which is not the server) to `server`; null when there is none.
const node* registry::way(const node& own, const node* server, timestamp at) const {
    const node* top = nullptr;
    for (const node* link = server; link; link = uplink(*link, at)) {
        if (const node* above = uplink(*link, at); above == &own) return link;
        top = link;
    }
    if (const node* up = uplink(own, at)) return up;
    if (top && top->kind == node_kind::axis) return top;
    return valid_or_null(national_axis(), at);
}

// As way(), but an explicit route at this node for the recipient or the nearest organisation above it comes first.
const node* registry::next_hop(const node& own, const organisation& final, timestamp at) const {
    const node* target = server(final, at);
    if (target == &own) return &own;
    for (const organisation* above = &final; above && !routes_.empty(); above = parent(*above, at))
        for (const explicit_route& e : routes_)
            if (e.at == own.id && e.organisation == above->id && e.valid.contains(at))
                if (const node* via = valid_or_null(find_node(e.via), at)) return via;
    return way(own, target, at);
}

route_decision registry::route_to(std::string_view own_node, const organisation& recipient, timestamp at,
                                  std::string_view came_from) const {
    route_decision d;
    d.final = &recipient;
    const node* own = find_node(own_node);
    d.next = own ? next_hop(*own, recipient, at) : nullptr;
    if (!d.next) {
        d.reason = held_reason::no_route;
        d.note_vi = fmt::format("Không có tuyến tới {}.", recipient.name(at));
        d.note_en = fmt::format("No route from node {} to {}.", own_node, recipient.id);
    } else if (d.next->id == came_from) {
        d.reason = held_reason::would_return;
        d.next = nullptr;
        d.note_vi =
            fmt::format("Tuyến tới {} quay lại nút {} vừa chuyển gói tin đến; hai nút đang dùng danh bạ khác nhau.",
                        recipient.name(at), came_from);
        d.note_en = fmt::format(
            "The way to {} leads back to node {}, which brought the packet: the two nodes have different registries.",
            recipient.id, came_from);
    } else if (d.next == own) {
        d.kind = route_kind::local;
    } else {
        d.kind = d.next->kind == node_kind::axis ? route_kind::axis : route_kind::hop;
    }
    return d;
}

route_decision registry::route(std::string_view own_node, std::string_view recipient_code, timestamp at,
                               std::string_view came_from) const {
    std::string_view code = trimmed(recipient_code);
    route_decision d;
    resolution r = resolve(code, at);
    if (!r.known()) {
        d.reason = held_reason::unknown_organisation;
        d.note_vi = fmt::format("Mã “{}” không có trong danh bạ.", code);
        d.note_en = fmt::format("Code \"{}\" is not in the registry.", code);
        return d;
    }
    current_holder holder = current(*r.found, at);
    if (holder.count == current_holder::number::none) {
        d.reason = held_reason::closed_no_successor;
        d.note_vi =
            fmt::format("{} (mã {}) đã chấm dứt hoạt động và không có đơn vị kế thừa.", r.found->name(at), code);
        d.note_en = fmt::format("{} (code {}) is closed and has no successor.", r.found->id, code);
        return d;
    }
    if (holder.count == current_holder::number::several) {
        d.reason = held_reason::closed_several_successors;
        d.note_vi = fmt::format("{} (mã {}) đã chấm dứt hoạt động và có {} đơn vị kế thừa; văn thư phải chọn.",
                                r.found->name(at), code, holder.organisations.size());
        d.note_en = fmt::format("{} (code {}) is closed and has {} successors; the clerk has to choose.", r.found->id,
                                code, holder.organisations.size());
        d.candidates = std::move(holder.organisations);
        return d;
    }
    const organisation& final = *holder.organisations.front();
    d = route_to(own_node, final, at, came_from);
    if (&final != r.found) {
        d.forwarded_from = code;
        d.note_vi = fmt::format("{} (mã {}) đã chấm dứt hoạt động; chuyển tới đơn vị kế thừa {}. {}", r.found->name(at),
                                code, final.name(at), d.note_vi);
        d.note_en = fmt::format("{} (code {}) is closed; forwarded to its successor {}. {}", r.found->id, code,
                                final.id, d.note_en);
        for (std::string* note : {&d.note_vi, &d.note_en})
            if (note->ends_with(' ')) note->pop_back();
    }
    return d;
}

delivery_verdict registry::may_deliver(std::string_view own_node, std::string_view peer_node,
                                       std::string_view from_code, timestamp at) const {
    delivery_verdict v;
    const node* own = find_node(own_node);
    const node* peer = valid_or_null(find_node(peer_node), at);
    if (!own || !peer || peer == own) {
        v.reason = delivery_reason::unknown_peer;
        return v;
    }
    v.sender = resolve(from_code, at).found;
    if (!v.sender) {
        v.right = delivery_right::unknown_sender;
        return v;
    }
    // What a closed organisation sent is still under way, and its successor may go on answering under the old code.
    std::vector<const organisation*> speakers{v.sender};
    if (v.sender->closed(at))
        for (const organisation* holder : current(*v.sender, at).organisations) speakers.push_back(holder);
    v.reason = delivery_reason::behind_another_peer;
    for (const organisation* speaker : speakers) {
        const node* target = server(*speaker, at);
        bool here = target == own;
        if (!here && (way(*own, target, at) == peer || next_hop(*own, *speaker, at) == peer))
            v.right = delivery_right::authorised;
        if (v.right != delivery_right::authorised)
            for (const node* lately : servers_lately(*speaker, at))
                if (lately != own && way(*own, lately, at) == peer) v.right = delivery_right::authorised;
        for (const organisation* above = speaker; above; above = parent(*above, at))
            if (std::ranges::find(peer->authorised_for, above->id) != peer->authorised_for.end())
                v.right = delivery_right::authorised;
        if (here) v.reason = delivery_reason::served_here;
    }
    if (v.right == delivery_right::authorised) v.reason = delivery_reason::none;
    return v;
}

const node* registry::peer_by_identity(const peer_identity& identity, timestamp at) const {
    for (const node& n : nodes_) {
        if (!n.valid.contains(at) || (n.san_uri.empty() && n.pins.empty())) continue;
        auto pinned = [&](const spki_pin& p) { return p.valid.contains(at) && p.sha256 == identity.spki_sha256; };
        if (!n.pins.empty() && std::ranges::none_of(n.pins, pinned)) continue;
        if (!n.san_uri.empty() && std::ranges::find(identity.san_uris, n.san_uri) == identity.san_uris.end()) continue;
        if (n.ca_sha256 && std::ranges::find(identity.issuers, *n.ca_sha256) == identity.issuers.end()) continue;
        return &n;
    }
    return nullptr;
}

} // namespace vanthu::registry
