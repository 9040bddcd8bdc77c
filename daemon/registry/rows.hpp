// The rows of the registry: organisations, nodes, routes, authorities. Plain values, filled once by registry::parse().
//
// Every row is dated. A date in the file is a day in Viet Nam: `from` is the first day on which the row holds, `to` the
// first day on which it holds no more, so that consecutive periods share one date and an act "from 1 July 2025" is
// written once as `to` and once as `from`. Nothing is edited in place: a change is a new dated row.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vanthu::registry {

// [from, to): without a date the period is open on that side.
struct period {
    timestamp from = timestamp::min();
    timestamp to = timestamp::max();
    bool contains(timestamp at) const { return from <= at && at < to; }
    bool overlaps(const period& other) const { return from < other.to && other.from < to; }
    bool operator==(const period&) const = default;
};

// Under which scheme a code was allotted, as the file says; never computed from its digits.
enum class code_form { qcvn102, qd20, tax, local, system };
std::string_view to_string(code_form);

struct dated_code {
    std::string code; // exact, trimmed; case is kept
    code_form form = code_form::local;
    period valid;
    bool operator==(const dated_code&) const = default;
};

// A name, a parent's id or a node's id, with its dates.
struct dated_value {
    std::string value;
    period valid;
    bool operator==(const dated_value&) const = default;
};

enum class successor_kind { merge, split, rename, dissolve };
std::string_view to_string(successor_kind);

struct successor {
    std::string to; // organisation id; empty only with dissolve: nobody takes over
    successor_kind kind = successor_kind::merge;
    timestamp from; // never before the closing date
    bool operator==(const successor&) const = default;
};

struct organisation {
    std::string id;   // ours, stable for ever: it is the issuer's key in the business identity (contracts, 1)
    std::string kind; // free text, shown only
    period valid;     // valid.to is the closing date
    std::vector<dated_value> names, parents, served_by; // parents: organisation ids; served_by: node ids
    std::vector<dated_code> codes;                      // in the file's order; the first valid one is the preferred one
    std::vector<successor> successors;
    bool answers_on_commit = false; // it has no eOffice: status 01 is sent on commit (contracts, 3)
    std::uint64_t changed_in = 0;   // registry version that last changed the row
    std::uint32_t line = 0;         // in the file

    bool closed(timestamp at) const { return valid.to <= at; }
    std::string_view name(timestamp at) const;            // the last known one for a closed organisation; never empty
    const dated_code* preferred_code(timestamp at) const; // first code valid at `at`, else the last to end; may be null
    bool operator==(const organisation& other) const;     // all but `line` and `changed_in`
};

enum class node_kind {
    vanthu, // a daemon of ours
    axis,   // any other system a packet can be handed to: the national axis, a provincial platform
};
enum class element_order { qcvn, sdk };

struct spki_pin {
    digest sha256; // of the DER SubjectPublicKeyInfo
    period valid;
    bool operator==(const spki_pin&) const = default;
};

struct node {
    std::string id;
    node_kind kind = node_kind::vanthu;
    std::string organisation; // who runs it; a vanthu node serves it and everything below without a nearer server
    std::string uplink;       // node id; empty: the server of the nearest organisation above (docs/registry.md)
    period valid;
    std::vector<std::string> urls;
    std::string san_uri;             // in the peer's certificate, under `ca`
    std::string ca;                  // PEM file of the CA that may vouch for san_uri
    std::optional<digest> ca_sha256; // of that CA certificate (DER)
    std::vector<spki_pin> pins;      // any number valid at once
    std::vector<std::string> capabilities;
    std::optional<std::uint64_t> size_limit; // bytes of one packet
    element_order order = element_order::qcvn;
    std::vector<std::string> authorised_for; // organisation ids, each with its subtree, beyond the rule of the tree
    std::uint32_t line = 0;
    bool operator==(const node& other) const; // all but `line`
};

// An exception to the tree: at node `at`, packets for the organisation and all below it go to node `via`.
struct explicit_route {
    std::string at, organisation, via;
    period valid;
    std::uint32_t line = 0;
    bool operator==(const explicit_route& other) const; // all but `line`
};

// How a row names a certificate: every part that is given must match; at least one of spki_sha256, certificate_sha256
// and the pair (subject, issuer) is given.
struct certificate_match {
    std::optional<digest> spki_sha256, certificate_sha256;
    std::string subject, issuer; // RFC 2253 text, both or none
    bool operator==(const certificate_match&) const = default;
};

// The same parts, read from a certificate at hand (signing/x509 computes them).
struct certificate_ids {
    digest spki_sha256, certificate_sha256;
    std::string subject, issuer;
};
bool matches(const certificate_match&, const certificate_ids&);

// A person who may sign for an organisation. Everybody listed may sign under the own title; may_sign_for adds
// capacities.
struct authority {
    certificate_match certificate;
    std::string person, title, organisation;
    std::vector<std::string> may_sign_for; // "TM.", "KT.", "TL.", "TUQ.", "Q."
    period valid;
    std::uint32_t line = 0;
    bool operator==(const authority& other) const;
};

enum class certificate_use { seal, service };

// An organisation's own certificate: its seal (used by the clerk's act only) or its daemon's service certificate.
struct agency_certificate {
    certificate_match certificate;
    std::string organisation;
    certificate_use use = certificate_use::seal;
    period valid;
    std::uint32_t line = 0;
    bool operator==(const agency_certificate& other) const;
};

} // namespace vanthu::registry
