// The receipt log: one append-only Merkle tree per organisation and origin, grown by the ledger's commit groups.
//
//   change: append(leaf) ─▶ leaf row + ticket        (undone with the change: indices stay dense)
//   seal():    tiles, right edge, head (not signed), the signed head of the group before   ─▶ same synced write
//   durable(): head signed, every ticket of the group gets its receipt's exact bytes       ─▶ then callers are answered
//
// Guarantees
// - A head that is not durable is never signed. One head a group.
// - Ed25519 is deterministic and a receipt is a function of stored rows and the key: receipt_bytes() gives the same
// bytes
//   as the ticket did, after a restart and after later groups. A head is stored signed with the group after it, so a
//   key that was replaced is never needed again.
// - Restore and key rotation open a new origin whose delegation names the last known head of the old one.
// - destroy() erases a leaf's content and salt; its hash stays in the tree, a tombstone leaf says who ordered it.
//
// Rows: owner is the organisation, type 'R' (docs/receipts.md, "Rows"). Threads: append, rotate, destroy and the
// observer's calls on the committer thread; everything else on any thread.
#pragma once

#include "daemon/ledger/store.hpp"
#include "schemas/receipt/receipt.hpp"
#include "schemas/tlog/tiles.hpp"

#include <map>
#include <mutex>

namespace vanthu::ledger {

enum class receipt_log_errc {
    wrong_key = 1,      // the delegation names another key, origin or organisation than the log was given
    origin_taken,       // the origin is or was used with another key
    previous_not_named, // a new origin whose delegation does not name the log before it
    head_moved,         // the delegation names an older head of the log than its last
    not_in_force,       // the clock lies outside the delegation: a receipt made now would not verify
    unacceptable_leaf,  // fields that no receipt can hold: size, encoding
    unknown_leaf,       // no committed leaf of that index
    destroyed,          // the leaf's content was destroyed lawfully
    head_not_signed,    // the last head of an old origin that was lost before it was signed
    damaged,            // stored hashes that do not give the stored root
    restored,           // the store was restored: the log may not go on under this origin
};
std::error_code make_error_code(receipt_log_errc);

// Handed out by append(). Any thread may read receipt() once the change's done(success) has been called.
class leaf_ticket_state {
public:
    const std::string& log_origin() const { return origin_; }
    std::uint64_t index() const { return index_; }
    const digest& leaf_hash() const { return hash_; }
    const std::string& receipt() const {
        return receipt_;
    } // empty until the group is durable, and for ever if it failed

private:
    friend class receipt_log;
    std::string origin_, leaf_, receipt_;
    std::uint64_t index_ = 0;
    digest hash_;
};
using leaf_ticket = std::shared_ptr<const leaf_ticket_state>;

struct receipt_log_options {
    std::string organisation; // owner of the rows; the delegation's organisation
    std::string origin;       // schema-less URL, e.g. "vanthu.example/g22/log1"
    tlog::ed25519_private_key key;
    std::string delegation; // exact signed statement (receipt::sign_delegation) for this origin and key
};

class receipt_log final : public group_observer {
public:
    // Reads the log's state; writes nothing (a new log is written by its first group). The caller registers it with the
    // store. A renewed delegation of the same key is taken up. Failures: wrong_key, origin_taken, previous_not_named,
    // damaged.
    static result<std::unique_ptr<receipt_log>> open(const store&, receipt_log_options);
    static result<std::unique_ptr<receipt_log>> open(const view& committed, receipt_log_options);

    // What a restore needs of the log of the restored store, whose former self may have signed heads since the backup.
    struct last_known {
        std::string origin; // empty: no log yet
        std::string head;   // the last one, signed; an earlier one where only `key` could sign it and is not given
    };
    static result<last_known> last_known_head(const view&, std::string_view organisation,
                                              const tlog::ed25519_private_key* key);
    // Inside a change: open() refuses this origin from now on, and takes it as the predecessor of a new one.
    static void close_origin(transaction&, std::string_view organisation, std::string_view origin);

    // Inside a change. Sets the leaf's organisation, hop time (transaction::now) and a fresh salt; the index is known
    // at once. Failures: not_in_force, unacceptable_leaf, and those of the transaction.
    result<leaf_ticket> append(transaction&, receipt::leaf);
    // Inside a change: the content of a committed leaf goes, a tombstone is appended. Failures: unknown_leaf,
    // destroyed.
    result<leaf_ticket> destroy(transaction&, std::string_view origin, std::uint64_t index, std::string authority,
                                std::string reason);
    // Inside a change: the leaves after it go to a new origin. Its delegation must name this origin and signed_head();
    // head_moved when leaves came since: sign the delegation over the new head and try again.
    result<> rotate(transaction&, receipt_log_options next);

    // The last durable head, signed; empty before the first leaf.
    std::string signed_head() const;
    std::string origin() const;
    // Byte for byte what the ticket gave. Failures: unknown_leaf, destroyed, head_not_signed, damaged.
    result<std::string> receipt_bytes(const view&, std::uint64_t index) const; // of the current origin
    result<std::string> receipt_bytes(const view&, std::string_view origin, std::uint64_t index) const;
    // Hashes for authorised witnesses; `tile.width` hashes. tlog::errc::missing_hash where the log is shorter.
    result<bytes> tile_bytes(const view&, std::string_view origin, const tlog::tile_id& tile) const;

    void change_begins() override;
    void change_undone() override;
    result<> seal(transaction&) override;
    void durable() override;
    void group_abandoned() override;

private:
    // One log key at one origin. Never changes once made.
    struct signer {
        std::string origin;
        tlog::ed25519_private_key key;
        std::string delegation;
        digest delegation_hash;
        receipt::delegation content;
    };
    struct signed_head_of {
        std::string origin;
        std::uint64_t size = 0;
        std::string note;
    };
    // The tree up to the last group, with the tiles that still grow.
    struct tree {
        std::shared_ptr<const signer> by;
        tlog::frontier edge;
        std::map<std::pair<unsigned, std::uint64_t>, bytes> tiles;
        bool is_new = false;                    // its rows are not written yet
        std::optional<signed_head_of> unstored; // signed, waits for the next group
    };

    receipt_log(std::string organisation, tree current)
        : organisation_(std::move(organisation)), current_(std::move(current)) {}
    static result<std::shared_ptr<const signer>> make_signer(std::string_view organisation, receipt_log_options);
    static result<tree> load(const view&, std::string_view organisation, std::shared_ptr<const signer>);
    const tree& growing() const { return next_ ? *next_ : current_; }
    static result<std::optional<signed_head_of>> head_brought_by(const view&, std::string_view organisation,
                                                                 const signer&);
    result<> store_leaves(transaction&, tree&) const;

    std::string organisation_;
    mutable std::mutex mutex_; // guards current_, last_head_ against readers on other threads
    tree current_;
    std::string last_head_;
    using tickets = std::vector<std::shared_ptr<leaf_ticket_state>>;
    // The group that is being decided:
    std::optional<tree> next_; // after rotate(), until it is durable
    tickets pending_;
    // The group that is being written:
    struct sealed_group {
        tree grown;
        tickets leaves;
    };
    std::optional<sealed_group> sealed_;
    struct {
        std::size_t pending = 0;
        bool rotated = false;
    } mark_;
};

} // namespace vanthu::ledger

template <> struct std::is_error_code_enum<vanthu::ledger::receipt_log_errc> : std::true_type {};
