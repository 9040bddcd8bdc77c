#include "daemon/registry/checks.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace vanthu::registry {
namespace {
std::string day(timestamp at) { return at == timestamp::min() ? "from the beginning" : "from " + to_edxml_date(at); }
} // namespace

void registry::index() {
    for (const organisation& o : organisations_) {
        organisation_by_id_.emplace(o.id, &o);
        for (const dated_code& c : o.codes) owners_of_[c.code].push_back({&o, &c});
    }
    for (const node& n : nodes_) {
        node_by_id_.emplace(n.id, &n);
        if (n.kind == node_kind::vanthu) daemons_of_[n.organisation].push_back(&n);
    }
}

// Each step relies on those before it, so the first refusal ends the run.
void checks::run() {
    r_.index();
    using step = void (checks::*)();
    for (step s : {&checks::ids, &checks::references, &checks::periods, &checks::codes, &checks::parent_cycles,
                   &checks::servers, &checks::identities, &checks::roles, &checks::node_cycles, &checks::route_loops}) {
        (this->*s)();
        if (source_.refused()) return;
    }
}

void checks::ids() {
    auto once = [&](const auto& rows, std::string_view what) {
        std::map<std::string_view, std::uint32_t> lines;
        for (const auto& row : rows)
            if (auto [first, fresh] = lines.emplace(row.id, row.line); !fresh)
                source_.refuse(errc::duplicate_id, row.line,
                               fmt::format("{} \"{}\" is defined in line {} already", what, row.id, first->second));
    };
    once(r_.organisations_, "organisation");
    once(r_.nodes_, "node");
}

void checks::references() {
    auto organisation_exists = [&](std::string_view id, std::uint32_t line, std::string_view key) {
        if (!id.empty() && !r_.find_organisation(id))
            source_.refuse(errc::unknown_reference, line, fmt::format("{}: no organisation \"{}\"", key, id));
    };
    auto node_exists = [&](std::string_view id, std::uint32_t line, std::string_view key) {
        if (!id.empty() && !r_.find_node(id))
            source_.refuse(errc::unknown_reference, line, fmt::format("{}: no node \"{}\"", key, id));
    };
    for (const organisation& o : r_.organisations_) {
        for (const dated_value& p : o.parents) organisation_exists(p.value, o.line, "parent");
        for (const dated_value& s : o.served_by) node_exists(s.value, o.line, "served_by");
        for (const successor& s : o.successors) organisation_exists(s.to, o.line, "successors");
    }
    for (const node& n : r_.nodes_) {
        organisation_exists(n.organisation, n.line, "organisation");
        node_exists(n.uplink, n.line, "uplink");
        for (const std::string& id : n.authorised_for) organisation_exists(id, n.line, "authorised_for");
    }
    for (const explicit_route& e : r_.routes_) {
        node_exists(e.at, e.line, "at");
        organisation_exists(e.organisation, e.line, "organisation");
        node_exists(e.via, e.line, "via");
        if (e.at == e.via)
            source_.refuse(errc::route_loop, e.line, fmt::format("route from node \"{}\" to itself", e.at));
    }
    for (const authority& a : r_.authorities_) organisation_exists(a.organisation, a.line, "organisation");
    for (const agency_certificate& a : r_.agency_certificates_)
        organisation_exists(a.organisation, a.line, "organisation");
}

void checks::periods() {
    for (const organisation& o : r_.organisations_)
        for (const auto& [values, key] :
             {std::pair(&o.names, "name"), std::pair(&o.parents, "parent"), std::pair(&o.served_by, "served_by")})
            for (std::size_t i = 0; i < values->size(); ++i)
                for (std::size_t j = i + 1; j < values->size(); ++j)
                    if ((*values)[i].valid.overlaps((*values)[j].valid))
                        source_.refuse(errc::overlapping_periods, o.line,
                                       fmt::format("{}: \"{}\" and \"{}\" hold at the same time", key,
                                                   (*values)[i].value, (*values)[j].value));
}

void checks::codes() {
    for (const auto& [code, owners] : r_.owners_of_)
        for (std::size_t i = 0; i < owners.size(); ++i)
            for (std::size_t j = i + 1; j < owners.size(); ++j)
                if (owners[i].code->valid.overlaps(owners[j].code->valid))
                    source_.refuse(errc::duplicate_code, owners[j].of->line,
                                   fmt::format("code \"{}\" of \"{}\" is also allotted to \"{}\" (line {})", code,
                                               owners[j].of->id, owners[i].of->id, owners[i].of->line));
}

// A ring needs all its links at one time, the latest of their beginnings: a walk from each link at its beginning finds
// it.
void checks::parent_cycles() {
    for (const organisation& o : r_.organisations_)
        for (const dated_value& link : o.parents) {
            std::size_t steps = 0;
            for (const organisation* above = r_.parent(o, link.valid.from); above;
                 above = r_.parent(*above, link.valid.from))
                if (above == &o || ++steps > r_.organisations_.size())
                    return source_.refuse(errc::parent_cycle, o.line,
                                          fmt::format("organisation \"{}\" stands above itself", o.id));
        }
}

void checks::servers() {
    for (const auto& [organisation, daemons] : r_.daemons_of_)
        for (std::size_t i = 0; i < daemons.size(); ++i)
            for (std::size_t j = i + 1; j < daemons.size(); ++j)
                if (daemons[i]->valid.overlaps(daemons[j]->valid))
                    source_.refuse(errc::ambiguous_server, daemons[j]->line,
                                   fmt::format("nodes \"{}\" and \"{}\" both serve \"{}\"", daemons[i]->id,
                                               daemons[j]->id, organisation));
}

void checks::identities() {
    std::set<std::string_view> authorities;
    for (const node& n : r_.nodes_)
        if (!n.ca.empty()) authorities.insert(n.ca);
    std::map<std::string_view, std::vector<const node*>> by_san;
    std::map<digest, std::vector<const node*>> by_pin;
    for (const node& n : r_.nodes_) {
        // With several authorities in use, each could vouch for a name that belongs under another.
        if (!n.san_uri.empty() && !n.ca_sha256 && authorities.size() > 1)
            source_.refuse(errc::ambiguous_identity, n.line,
                           fmt::format("node \"{}\": ca_sha256 is required because the file uses {} different ca", n.id,
                                       authorities.size()));
        if (!n.san_uri.empty()) by_san[n.san_uri].push_back(&n);
        for (const spki_pin& p : n.pins) by_pin[p.sha256].push_back(&n);
    }
    auto apart = [&](const std::vector<const node*>& nodes, std::string_view what) {
        for (std::size_t i = 0; i < nodes.size(); ++i)
            for (std::size_t j = i + 1; j < nodes.size(); ++j)
                if (nodes[i] != nodes[j] && nodes[i]->valid.overlaps(nodes[j]->valid))
                    source_.refuse(
                        errc::ambiguous_identity, nodes[j]->line,
                        fmt::format("nodes \"{}\" and \"{}\" have one {}", nodes[i]->id, nodes[j]->id, what));
    };
    for (const auto& [san, nodes] : by_san) apart(nodes, "san_uri");
    for (const auto& [pin, nodes] : by_pin) apart(nodes, "pin");
}

void checks::roles() {
    auto same = [](const certificate_match& a, const certificate_match& b) {
        return (a.spki_sha256 && a.spki_sha256 == b.spki_sha256) ||
               (a.certificate_sha256 && a.certificate_sha256 == b.certificate_sha256);
    };
    const auto& all = r_.agency_certificates_;
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = i + 1; j < all.size(); ++j)
            if (all[i].use != all[j].use && same(all[i].certificate, all[j].certificate))
                source_.refuse(errc::key_in_two_roles, all[j].line,
                               fmt::format("this certificate has the other use in line {}", all[i].line));
}

std::vector<timestamp> checks::dates_of_change() const {
    std::set<timestamp> dates{timestamp::min()};
    auto add = [&](const period& p) {
        dates.insert(p.from);
        if (p.to != timestamp::max()) dates.insert(p.to);
    };
    for (const organisation& o : r_.organisations_) {
        for (const dated_value& v : o.parents) add(v.valid);
        for (const dated_value& v : o.served_by) add(v.valid);
    }
    for (const node& n : r_.nodes_) add(n.valid);
    for (const explicit_route& e : r_.routes_) add(e.valid);
    return {dates.begin(), dates.end()};
}

void checks::node_cycles() {
    for (timestamp at : dates_of_change())
        for (const node& n : r_.nodes_) {
            std::size_t steps = 0;
            for (const node* above = r_.uplink(n, at); above; above = r_.uplink(*above, at))
                if (above == &n || ++steps > r_.nodes_.size())
                    return source_.refuse(
                        errc::node_cycle, n.line,
                        fmt::format("the upward way of node \"{}\" comes back to it ({})", n.id, day(at)));
        }
}

// The tree alone cannot loop. So only ways that begin at a node with explicit routes are walked, for every
// organisation.
void checks::route_loops() {
    for (timestamp at : dates_of_change())
        for (const explicit_route& e : r_.routes_) {
            if (!e.valid.contains(at)) continue;
            for (const organisation& o : r_.organisations_) {
                const node* here = r_.find_node(e.at);
                for (std::size_t steps = 0; here; ++steps) {
                    const node* next = here->kind == node_kind::axis ? nullptr : r_.next_hop(*here, o, at);
                    if (next == here) break;
                    here = next;
                    if (steps > r_.nodes_.size())
                        return source_.refuse(
                            errc::route_loop, e.line,
                            fmt::format("packets for \"{}\" go in a ring from node \"{}\" ({})", o.id, e.at, day(at)));
                }
            }
        }
}

} // namespace vanthu::registry
