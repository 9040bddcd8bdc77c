// The gate: the only way into the ledger, for documents and statuses, from eOffices, peers and ourselves.
//
//   bytes ─▶ spool (unsynced) ─▶ parse, limits, hashes ─▶ sender ─▶ secrets ─▶ signatures (worker) ─▶ policy
//                                                                                                      │
//                 receipt ◀─ signed head ◀─ one synced commit: duplicates, rows, receipt leaf, work ◀──┘
//
// Guarantees
// - accept() answers success only when the packet, its consignments and its receipt's leaf survive a power cut.
// - After a failure nothing of the packet is kept (except an isolated secret and an audit event, contracts 11).
// - The same packet from the same peer, the same Idempotency-Key, or the same business identity with the same content
//   gets the first answer again; no consignment ever gets a second inbox id.
// Any executor; the blocking parts run on the pools given.
#pragma once

#include "daemon/base/clock.hpp"
#include "daemon/base/task.hpp"
#include "daemon/inspect/pool.hpp"
#include "daemon/intake/errors.hpp"
#include "daemon/intake/pressure.hpp"
#include "daemon/ledger/receipt_log.hpp"
#include "daemon/ledger/spool.hpp"
#include "daemon/net/http.hpp"
#include "daemon/records/composition.hpp"
#include "daemon/records/records.hpp"
#include "daemon/registry/registry.hpp"
#include "schemas/edxml/reader.hpp"
#include "schemas/receipt/origin.hpp"

#include <array>
#include <atomic>
#include <boost/asio/strand.hpp>
#include <map>

namespace vanthu::intake {

// Contracts 10: role x verdict. Transit never refuses for a signature.
enum class role { issue, transit, final };
enum class verdict { valid, invalid, indeterminate, unsigned_, damaged };
enum class action { accept, information, hold, refuse };
struct policy {
    std::array<std::array<action, 5>, 3> actions{};
    bool send_final_refusal = false; // true: 02 goes out by itself; false: the clerk finds the entry marked
    action of(role r, verdict v) const { return actions[std::size_t(r)][std::size_t(v)]; }
};
std::string_view to_string(verdict v);
verdict verdict_of(std::string_view word); // of document_row::signatures; not checked: indeterminate
std::string_view flag_of(action a);        // what a clerk sees; empty for accept
// Why it waits for an operator, as a public code; empty: it does not.
std::string hold_of(action a, bool first_page_unseen);

// Who offers, and what it says about what it offers.
struct offer {
    enum class from { eoffice, peer, ourselves } source = from::eoffice;
    std::string credential;                // eoffice: id of the credential
    std::vector<std::string> may_send_for; // eoffice: organisations (canonical)
    std::string node;                      // peer: node id
    std::optional<digest> packet_sha256;   // announced
    std::optional<std::uint64_t> size;     // announced
    std::uint64_t expected_size = 0;       // how many bytes are likely to come; only a hint
    std::optional<records::document_kind> kind;
    std::vector<std::string> recipients; // peer: handed over (codes as written); empty: all
    std::string origin;                  // peer: sidecar
    std::string idempotency_key;         // eoffice; empty: none
    digest request_sha256;               // eoffice: of the request, for the key
    bool dry_run = false;                // everything but the commit
    // ourselves: owner and id of the document that a status speaks of, where that is known; empty: found by its
    // identity.
    std::pair<std::string, std::string> about;
    // eoffice: owner and id of the document that a recall, update or replacement made here speaks of. What makes no
    // sense any more is refused.
    std::pair<std::string, std::string> speaks_of;
    // What a status says of an inbox entry is the word of the eOffice that reads this inbox: it has the document then
    // (contracts 3). False: its credential has no right to the inbox, or nobody has fetched anything (answered on
    // commit).
    bool from_inbox = false;
};

std::string_view to_string(offer::from source);

struct accepted {
    records::document_row document;
    std::vector<records::consignment_row> consignments;
    bool known = false;  // this was the answer to an earlier offer
    std::string receipt; // exact bytes; empty for a dry run
    std::vector<edxml::finding> findings;
};

struct gate_options {
    std::string node;         // ours, in the registry
    std::string home;         // our organisation, canonical
    std::string organisation; // our organisation's code, for trace and receipts
    edxml::limits limits;
    std::size_t recipients = 5000;
    intake::policy policy;
    std::uint64_t memory_spool = 1u << 20;   // up to here a packet waits in memory, above in the spool
    std::uint64_t inspect_limit = 64u << 20; // a larger PDF is "indeterminate: budget"
    std::chrono::seconds inspect_time{30};
    std::filesystem::path quarantine;                // isolated secrets of partners
    std::optional<receipt::service_key> service_key; // signs the origin; none: documents leave without origin signature
    std::vector<bytes> service_chain;
    receipt::trust_anchors anchors; // for origin signatures of others
};

class acceptance;

class gate {
public:
    // All references must outlive the gate. `inspectors` may be null: signatures are then "not checked"
    // (indeterminate), and no first page is looked at.
    gate(gate_options, ledger::store&, ledger::receipt_log&, ledger::spool&, inspect::inspector_pool* inspectors,
         asio::thread_pool& disk, asio::thread_pool& crypto, const wall_clock&);

    task<accepted> accept(offer, net::body_source& body);
    // The packet is whole in the spool: it is read there and not written a second time. The file goes with the call,
    // whatever the answer.
    task<accepted> accept(offer, std::unique_ptr<ledger::spool_file> packet);

    void use_registry(std::shared_ptr<const registry::registry> r) { registry_.store(std::move(r)); }
    std::shared_ptr<const registry::registry> registry() const { return registry_.load(); }
    void use_policy(const intake::policy& p) { policy_.store(std::make_shared<intake::policy>(p)); }

    // Asked for each new document from outside as soon as its header is known; null: never. Statuses and what speaks of
    // a document (recall, update, replace) are not asked for. Must outlive the gate.
    void pressed_by(const pressure* p) { pressure_ = p; }
    // For a door that wants to spare the bytes. `recipients`: codes as written; `came_from`: the node that brings it,
    // empty: an eOffice. overloaded.
    result<> may_take(const std::vector<std::string>& recipients, const std::string& came_from) const;
    result<> may_take_any() const; // where nothing is known of it yet

    // Called on the committer thread when an accept is durable; must only post. `composed`: for those of its document.
    std::function<void(std::vector<records::transfer_row>, records::composed_ahead composed)> on_work;
    // Would on_work keep another composition? Then what goes on to other nodes is composed while its bytes are at hand.
    // Null: never. Any thread.
    std::function<bool()> keeps_composed;
    std::function<void(const std::string& organisation)> on_inbox;
    // Called on the caller's executor with every answer but that of a dry run: for counting.
    std::function<void(offer::from, const result<accepted>&, std::chrono::microseconds took)> on_answer;

private:
    friend class acceptance;
    friend class rerouting;
    task<accepted> take(offer, std::move_only_function<task<accepted>(acceptance&)> run);
    friend class decision;
    gate_options options_;
    ledger::store& store_;
    ledger::receipt_log& log_;
    ledger::spool& spool_;
    inspect::inspector_pool* inspectors_;
    asio::thread_pool &disk_, &crypto_;
    // Records of packets that wait in memory go to their segment one after the other, on whichever thread of disk_: a
    // sleeping thread is woken once for many of them. Larger packets take a thread each.
    asio::strand<asio::thread_pool::executor_type> short_writes_;
    const wall_clock& clock_;
    const pressure* pressure_ = nullptr;
    std::atomic<std::shared_ptr<const registry::registry>> registry_;
    std::atomic<std::shared_ptr<const intake::policy>> policy_;
};

} // namespace vanthu::intake
