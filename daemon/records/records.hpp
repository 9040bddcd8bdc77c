// Reading and writing the business rows over the ledger.
//
// Row types under an owner (docs/store-format.md, section "Rows"):
//   D document        C consignment by document and recipient   E event by sequence
//   T transfer by document and node   P what of it never changes, once it is composed
//   e events of a document   S statuses and other documents about a document
//   B by business DocumentId   K identity occupied at a recipient   k the same by number and notation
//   F both, by a document to many, which has its recipients in f
//   I inbox by sequence   i inbox id   J inbox entry by document
//   Y idempotency key   Z counters
// Only under the node's own organisation ("home"):
//   H packet received from a peer   X packet sent to a peer   W work waiting   N notice to send   n notices received
//   U unplaced: parked because the registry does not know where to
//   Q recall of a document at a recipient
//   r receipt of the next hop (R belongs to the receipt log)
// An organisation is named by registry::canonical(): "@id", or the code itself where it is unknown.
#pragma once

#include "daemon/ledger/store.hpp"
#include "daemon/records/rows.hpp"

#include <span>

namespace vanthu::records {

enum class errc { row_unreadable = 1, document_unknown, inbox_entry_unknown };
std::error_code make_error_code(errc);

class reader {
public:
    explicit reader(const ledger::view& view) : view_(view) {}

    // The organisations of the registry that own any row here, whether or not this node serves them still: one seek
    // each.
    result<std::vector<std::string>> owners() const;
    result<std::optional<document_row>> document(std::string_view owner, std::string_view id) const;
    // Without to_codes, which are nearly all of the row of a document to thousands. To look at only: put back, the row
    // would have lost them.
    result<std::optional<document_row>> document_alone(std::string_view owner, std::string_view id) const;
    result<std::vector<consignment_row>> consignments(std::string_view owner, std::string_view document) const;
    result<std::optional<consignment_row>> consignment(std::string_view owner, std::string_view document,
                                                       std::string_view recipient_code) const;
    result<std::optional<transfer_row>> transfer(std::string_view owner, std::string_view document,
                                                 std::string_view node) const;
    result<std::vector<transfer_row>> transfers(std::string_view owner, std::string_view document) const;
    // Of a composed transfer, wherever they stand.
    result<std::vector<piece_row>> pieces(const transfer_row&) const;
    // Every consignment of an owner, by document.
    result<> each_consignment(std::string_view owner, const std::function<void(const consignment_row&)>&) const;
    result<std::vector<event_row>> events_of(std::string_view owner, std::string_view document) const;
    // In sequence, those above `after`; the sequence of the newest one (0: none).
    result<std::vector<event_row>> events_after(std::string_view owner, std::uint64_t after, std::size_t limit) const;
    result<std::uint64_t> last_event(std::string_view owner) const;
    // Newest first, at most `limit`, older than `before` ("" for the newest).
    result<std::vector<document_row>> documents(std::string_view owner, std::string_view before,
                                                std::size_t limit) const;

    // Entries with a sequence above `after`, in sequence.
    result<std::vector<inbox_row>> inbox(std::string_view organisation, std::uint64_t after, std::size_t limit) const;
    // The same lists for a reader who must get past a row that cannot be read: each row alone, in the list's order.
    // `limit` counts the unreadable ones too; a failure of the whole is the store's own.
    struct listed_entry {
        std::uint64_t sequence;
        result<inbox_row> row;
    };
    struct listed_document {
        std::string id;
        result<document_row> row;
    };
    result<std::vector<listed_entry>> list_inbox(std::string_view organisation, std::uint64_t after,
                                                 std::size_t limit) const;
    result<std::vector<listed_document>> list_documents(std::string_view owner, std::string_view before,
                                                        std::size_t limit) const;
    // The highest sequence that was ever given in it (0: none): that of its last entry, which therefore never goes.
    result<std::uint64_t> last_inbox_sequence(std::string_view organisation) const;
    result<std::optional<inbox_row>> inbox_entry(std::string_view organisation, std::string_view inbox_id) const;

    // The documents of `owner` that an issuer's DocumentId, or number and notation (and year, unless empty), name:
    // oldest first. There are several when a document was sent again, or to further recipients.
    result<std::vector<std::string>> documents_named(std::string_view owner, std::string_view issuer,
                                                     std::string_view document_id) const;
    result<std::vector<std::string>> documents_numbered(std::string_view owner, std::string_view issuer,
                                                        std::string_view number, std::string_view notation,
                                                        std::string_view year) const;
    result<std::optional<identity_row>> occupied(std::string_view owner, std::string_view recipient,
                                                 const business_identity&) const;
    // And what occupies its number, which may be a document of another identity.
    struct occupation {
        std::optional<identity_row> identity, number;
    };
    result<occupation> occupations(std::string_view owner, std::string_view recipient, const business_identity&) const;

    // `home`: the node's own organisation; `target`: the DocumentId recalled.
    result<std::optional<recall_row>> recall(std::string_view home, std::string_view issuer, std::string_view target,
                                             std::string_view recipient) const;
    // Is there one for any recipient?
    result<bool> is_recalled(std::string_view home, std::string_view issuer, std::string_view target) const;

    result<std::optional<idempotency_row>> idempotent(std::string_view organisation, std::string_view credential,
                                                      std::string_view key) const;

    struct place {
        std::string owner, document;
        std::string log_origin; // of a packet received: where the receipt for exactly this packet stands
        std::uint64_t leaf = 0;
    };
    result<std::optional<place>> received_from(std::string_view home, std::string_view node,
                                               const digest& packet) const;
    result<std::optional<place>> sent_to(std::string_view home, std::string_view node, const digest& packet) const;
    // Is a packet sent to that node still to be compared with what that one says of it?
    result<bool> is_unconfirmed(std::string_view home, std::string_view node, const digest& packet) const;
    // What waits for a next hop, and what decides its turn there: enough to queue it without reading the transfer.
    struct work {
        std::string owner, document, node;
        bool brief = false; // written by a version that kept nothing more; the transfer says it
        std::int64_t due = 0, created = 0;
        int priority = 0;
        std::uint64_t size = 0;
        std::string turn;
        bool expiry_warned = false;
    };
    // One after another, by owner and document; one scan.
    result<> each_work(std::string_view home, const std::function<void(work)>&) const;
    result<std::vector<work>> waiting_work(std::string_view home) const;
    // A consignment that is parked because the registry could not place its recipient.
    struct unplaced {
        std::string owner, document, recipient_code;
    };
    // Those after `after` (empty: from the first), by owner and document.
    result<std::vector<unplaced>> unplaced_after(std::string_view home, const unplaced& after, std::size_t limit) const;
    result<std::vector<notice_row>> notices_for(std::string_view home, std::string_view node, std::size_t limit) const;
    result<std::vector<std::string>> nodes_with_notices(std::string_view home) const;
    // `instance`: of the peer's store; empty: of a peer that does not name it.
    result<std::uint64_t> notices_received(std::string_view home, std::string_view node,
                                           std::string_view instance) const;
    result<std::optional<std::string>> hop_receipt(std::string_view home, std::string_view owner,
                                                   std::string_view document, std::string_view node) const;

protected:
    // Of the row of several that names this recipient, for a document of this number.
    struct among_many {
        std::string key;
        many_identity_row row;
        std::vector<std::string> recipients;
    };
    result<std::optional<among_many>> find_among_many(std::string_view owner, std::string_view recipient,
                                                      const business_identity&) const;

    const ledger::view& view_;
};

// Inside a change. Puts are whole rows; the indexes named above follow by themselves.
class writer : public reader {
public:
    explicit writer(ledger::transaction& t) : reader(t), transaction_(t) {}
    std::int64_t now() const { return to_us(transaction_.now()); }
    ledger::transaction& transaction() { return transaction_; }

    void put(const document_row&);
    void index_document(const document_row&); // B: so that statuses find it
    void put(std::string_view owner, const consignment_row&);
    // All that a new document has, in rows of several. One that changes gets a row of its own, which then counts.
    void put_all(std::string_view owner, std::span<const consignment_row>);
    void put(const transfer_row&);                             // without the work row
    void put_pieces(const transfer_row&, const std::vector<piece_row>&); // whose row then names none
    void add_work(std::string_view home, const transfer_row&); // again when its time has changed
    void remove_work(std::string_view home, const transfer_row&);
    void put(std::string_view home, const unplaced&);
    void remove(std::string_view home, const unplaced&);
    void sent(std::string_view home, const transfer_row&); // its packet, which no comparison has confirmed yet
    void put_unconfirmed(std::string_view home, std::string_view node, const digest& packet);
    void remove_unconfirmed(std::string_view home, std::string_view node, const digest& packet);
    // Gives the event its sequence and time.
    result<> add_event(std::string_view owner, event_row);
    // Between the two, events of one document that follow each other share rows. They are seen from the second on, and
    // a change that ends before it has lost them.
    void gather_events();
    void write_gathered_events();
    // Gives the entry its sequence and id: `id`, in whose last digits the sequence is written where it is a new_id().
    result<inbox_row> add_inbox(inbox_row, std::string_view id);
    void put(const inbox_row&);
    void occupy(std::string_view owner, std::string_view recipient, const business_identity&, const identity_row&);
    // The same for many of whom none has anything of that identity, nor of its number (which it has).
    void occupy_at_all(std::string_view owner, std::vector<std::string> recipients, const business_identity&,
                       const identity_row&);
    result<> release(std::string_view owner, std::string_view recipient, const business_identity&);
    void put(std::string_view home, const recall_row&);
    void remove(std::string_view home, const recall_row&);
    void put(std::string_view organisation, std::string_view credential, std::string_view key, const idempotency_row&);
    void received(std::string_view home, std::string_view node, const digest& packet, const place&);
    result<> add_notice(std::string_view home, std::string_view node, notice_row); // gives it its sequence
    void remove_notices(std::string_view home, std::string_view node, std::uint64_t up_to);
    void notices_received_up_to(std::string_view home, std::string_view node, std::string_view instance,
                                std::uint64_t sequence);
    void put_hop_receipt(std::string_view home, const transfer_row&, std::string_view receipt);
    // Before the transfer's row is used again for further recipients: its receipt stays, under its hash.
    result<> keep_earlier_receipt(std::string_view home, const transfer_row&);

private:
    void put_gathered();

    ledger::transaction& transaction_;
    struct gathered {
        std::string owner, text; // text: JSON of the events, with commas between
        event_row first;
        std::uint64_t last;
        std::size_t count;
    };
    gathered gathered_{};
    bool gathers_ = false;
};

// "0321" and "321" are one number; other texts compare as they are.
std::string comparable_number(std::string_view number);

} // namespace vanthu::records

template <> struct std::is_error_code_enum<vanthu::records::errc> : std::true_type {};
