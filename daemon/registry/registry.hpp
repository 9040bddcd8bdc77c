// Organisations, their codes and successors, who serves them, who may speak for them.
//
//   registry.toml ──parse()──▶ registry (immutable) ──▶ shared_ptr<const registry>, swapped by the daemon on reload
//
// Guaranteed after parse(): ids are unique, references resolve, no code belongs to two organisations at one time, no
// organisation stands above itself, the ways of nodes form no ring, and route() followed hop by hop from any node ends.
// A refused file changes nothing. All member functions are pure and may be called from any thread; pointers they return
// live as long as the registry object. No level of the administration is known to this code: the tree, the codes and
// the dates are data of any depth (two-tier local government began on one day and old codes are quoted for years after
// it).
#pragma once

#include "daemon/base/failure.hpp"
#include "daemon/registry/errors.hpp"
#include "daemon/registry/rows.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <unordered_map>

namespace vanthu::registry {

// What a code looks like. Information for people only: nothing is decided by it and no packet is refused for it.
// Source: QCVN 102:2016/BTTTT (qcvn102); QĐ 20/2020/QĐ-TTg (qd20, at most 35 characters).
enum class code_shape { level1, qcvn102, qd20, qd20_wide, other };
code_shape classify(std::string_view code);
std::string_view to_string(code_shape);

// Without white space at either end. Case is kept: codes are compared exactly.
std::string_view trimmed(std::string_view code);

struct resolution {
    const organisation* found = nullptr; // null: unknown, which is a value and never a reason to drop a packet
    const dated_code* by = nullptr;      // the row of the code that matched
    code_shape shape = code_shape::other;
    bool closed = false;       // the organisation is closed at that time
    bool code_retired = false; // the code itself is not valid at that time; it still resolves
    bool known() const { return found != nullptr; }
};

// Where an organisation's duties are now, after following successors to the end.
struct current_holder {
    enum class number { none, one, several };
    number count = number::none;
    std::vector<const organisation*> organisations; // open ones, without repetition, in the file's order of successors
};

enum class route_kind {
    local, // served by this node
    hop,   // hand to node `next` over the peer protocol
    axis,  // hand to node `next`, an axis
    held,  // stays with the clerk for the reason given
};
enum class held_reason {
    none,
    unknown_organisation,
    closed_no_successor,
    closed_several_successors,
    no_route,
    former_node_gone, // what is asked of a document cannot reach the node that took it: it is no row any more
    would_return,     // the way leads back to the peer that brought the packet: two nodes have different registries
};
std::string_view to_string(route_kind);
std::string_view to_string(held_reason);

struct route_decision {
    route_kind kind = route_kind::held;
    held_reason reason = held_reason::none; // set exactly when kind is held
    const organisation* final = nullptr;    // to whom it is delivered in the end; null when not known
    const node* next = nullptr;             // local: this node itself; null when held
    std::string forwarded_from; // the code as addressed, when its organisation is closed and one successor was followed
    std::vector<const organisation*> candidates; // closed_several_successors: between these the clerk chooses
    std::string note_vi, note_en;                // for trace and log when forwarded or held; empty otherwise
};

enum class delivery_right {
    authorised,
    not_authorised,
    unknown_sender, // no row for this code: accept as "unverified organisation" and tell the operator
};
enum class delivery_reason {
    none,
    unknown_peer,        // the peer is no node of this registry at that time
    served_here,         // the organisation is served by ourselves: nobody else speaks for it
    behind_another_peer, // the way to that organisation leads through another node
};
std::string_view to_string(delivery_reason);

struct delivery_verdict {
    delivery_right right = delivery_right::not_authorised;
    delivery_reason reason = delivery_reason::none;
    const organisation* sender = nullptr; // null for unknown_sender
};

// What the TLS layer has proven about a peer: the chain was validated before this is filled.
struct peer_identity {
    std::vector<std::string> san_uris;
    digest spki_sha256;          // of the peer's own key
    std::vector<digest> issuers; // SHA-256 of the certificates above it in the validated chain, root included
};

struct organisation_delta {
    std::uint64_t version = 0;
    std::vector<const organisation*> changed; // changed_in > since; closed ones stay listed, rows are never deleted
};

// An observation of `vanthu registry check` about a file that is valid but perhaps not meant so.
struct remark {
    std::uint32_t line = 0;
    std::string text_vi, text_en;
};

class registry {
public:
    // Every refusal: a code of errors.hpp, detail "FILE:LINE: what is wrong" with the offending value.
    static result<registry> parse(std::string_view toml, std::string_view file_name);
    static result<registry> load(const std::filesystem::path& path); // also files::errc
    registry(registry&&) noexcept = default;
    registry& operator=(registry&&) noexcept = default;

    std::uint64_t version() const { return version_; } // raised by whoever edits the file
    const digest& sha256() const { return sha256_; }   // of the file's bytes
    const std::vector<organisation>& organisations() const { return organisations_; }
    const std::vector<node>& nodes() const { return nodes_; }
    const std::vector<explicit_route>& routes() const { return routes_; }
    const std::vector<authority>& authorities() const { return authorities_; }
    const std::vector<agency_certificate>& agency_certificates() const { return agency_certificates_; }
    const organisation* find_organisation(std::string_view id) const;
    const node* find_node(std::string_view id) const;
    const node* national_axis() const { return find_node(national_axis_); } // may be null

    // By any code: one valid at `at`, else the one that ended last before, else the first to come.
    resolution resolve(std::string_view code, timestamp at) const;
    // Issuer's key of the business identity (contracts, 1): "@" and the organisation's id, the same for all its codes
    // and not moved to a successor (whose numbers are another series). Unknown: the trimmed code itself (a leading "@"
    // doubled).
    std::string canonical(std::string_view code, timestamp at) const;

    // Links in force at `at`, also those to organisations that are closed themselves. Empty for an open organisation.
    std::vector<const organisation*> successors(const organisation&, timestamp at) const;
    current_holder current(const organisation&, timestamp at) const; // an open organisation holds its duties itself

    const organisation* parent(const organisation&, timestamp at) const; // null at the top
    // The node that serves it: its served_by, else a vanthu node of its own, else that of the organisation above.
    const node* server(const organisation&, timestamp at) const;
    // Those whose server `node` is, in the file's order. Closed ones are among them: what they left is still asked for.
    std::vector<const organisation*> served_by(std::string_view node, timestamp at) const;
    // Does `node` serve the organisation of this code or, where that is closed, one that holds its duties now?
    bool speaks_for(std::string_view node, std::string_view code, timestamp at) const;
    // Its server, and those it had in the 30 days before: what they took over for it is still under way. Each once.
    std::vector<const node*> servers_lately(const organisation&, timestamp at) const;
    // The node above: its uplink, else the server of the nearest organisation above that is another node. Null at the
    // top.
    const node* uplink(const node&, timestamp at) const;

    // `came_from`: the node that delivered the packet, empty when it was submitted here. It is never the next hop.
    route_decision route(std::string_view own_node, std::string_view recipient_code, timestamp at,
                         std::string_view came_from = {}) const;
    // The same for an organisation already chosen (the clerk decided between several successors).
    route_decision route_to(std::string_view own_node, const organisation& recipient, timestamp at,
                            std::string_view came_from = {}) const;

    // A peer may deliver for an organisation when our way to that organisation begins with this peer: one below us for
    // its subtree, the one above for all that is neither ours nor below us. authorised_for adds to it. The way to a
    // node that served the organisation in the last 30 days counts as well.
    delivery_verdict may_deliver(std::string_view own_node, std::string_view peer_node, std::string_view from_code,
                                 timestamp at) const;
    // san_uri (with ca_sha256 where given) and pins: all that the node's row gives must match. Null: nobody we know.
    const node* peer_by_identity(const peer_identity&, timestamp at) const;

    // Rows valid at `at` for this certificate and this organisation: empty means no authority.
    std::vector<const authority*> authority_of(const certificate_ids&, const organisation&, timestamp at) const;
    std::vector<const agency_certificate*> agency_certificates_of(const certificate_ids&, timestamp at) const;

    organisation_delta changed_since(std::uint64_t version) const;
    std::vector<remark> remarks(timestamp at) const;

private:
    registry() = default;
    registry(const registry&) = delete;
    friend class reader;
    friend class checks;

    struct code_owner {
        const organisation* of;
        const dated_code* code;
    };
    void index();
    const node* own_server(const organisation& o, timestamp at) const; // without looking above
    const node* way(const node& own, const node* server, timestamp at) const;
    const node* next_hop(const node& own, const organisation& final, timestamp at) const;

    std::uint64_t version_ = 0;
    digest sha256_;
    std::string file_name_, national_axis_;
    std::vector<organisation> organisations_;
    std::vector<node> nodes_;
    std::vector<explicit_route> routes_;
    std::vector<authority> authorities_;
    std::vector<agency_certificate> agency_certificates_;
    // Views into the vectors above, which never change after index(); moving a vector keeps its elements in place.
    std::unordered_map<std::string_view, const organisation*> organisation_by_id_;
    std::unordered_map<std::string_view, const node*> node_by_id_;
    std::unordered_map<std::string_view, std::vector<const node*>> daemons_of_; // by organisation id, kind vanthu
    std::unordered_map<std::string_view, std::vector<code_owner>> owners_of_;   // by code
};

// What a reload would change, before it is done.
struct route_change {
    std::string code, before, after; // "hop h48", "held closed_no_successor", "unknown" …
};
struct difference {
    bool identical = false;          // the same bytes
    bool version_not_raised = false; // other bytes under the same or a lower version: the daemon refuses to reload
    std::vector<std::string> added, removed,
        changed;                            // organisation ids; removed must stay empty, rows are closed instead
    std::vector<std::string> nodes_changed; // added, removed or changed node ids
    std::vector<route_change> routes;       // of every code of either registry, seen from one node
};
difference diff(const registry& before, const registry& after, std::string_view own_node, timestamp at);
std::string brief(const route_decision&);

} // namespace vanthu::registry
