// The business rows: what this daemon knows about documents, one struct a row type.
//
//   document ──< consignment (one per recipient)      the promise made for that recipient, and how far it is
//        │            └── inbox entry                  if the recipient is served here
//        ├──< transfer (one per next hop)              the composed packet for that hop, its attempts
//        └──< event                                    append-only; every state above is a view of events
//
// A transfer and its consignments share one state word. States are the words an operator uses:
//
//   waiting ─▶ active ─▶ delivered            handed to the next hop (its receipt is stored) or into the inbox
//      ▲          ├────▶ deferred ─▶ waiting  the hop could not take it now; next_attempt_at says when again
//      │          ├────▶ parked               nothing more is tried until somebody acts (reason kept)
//      └── start  └────▶ refused              the hop said no for good: "returned"
//   recalled, expired                         ended by a recall, by time
//
// All times are int64 microseconds UTC. Keys and framing: docs/store-format.md, section "Rows".
#pragma once

#include "daemon/records/row_json.hpp"

#include <cstdint>

namespace vanthu::records {

BOOST_DEFINE_ENUM_CLASS(state, waiting, active, deferred, parked, delivered, refused, recalled, expired)
BOOST_DEFINE_ENUM_CLASS(document_kind, document, status)

inline bool is_final(state s) {
    return s == state::delivered || s == state::refused || s == state::recalled || s == state::expired;
}

// Contracts 1: who issued what. `issuer` is the organisation after code aliases, `number` as written (compared as a
// number).
struct business_identity {
    std::string issuer;
    int business_type = 0; // BussinessDocType: 0 new, 1 recall, 2 update, 3 replace
    std::string document_id;
    std::string number;
    std::string notation;
    std::string date; // yyyy/MM/dd
};
BOOST_DESCRIBE_STRUCT(business_identity, (), (issuer, business_type, document_id, number, notation, date))

// What a replacement (type 3) takes the place of, and at whom: codes as written; none: at all of its recipients.
struct replaced_row {
    std::string document_id;
    std::vector<std::string> at;
};
BOOST_DESCRIBE_STRUCT(replaced_row, (), (document_id, at))

struct document_row {
    std::string id;    // ours, UUIDv7
    std::string owner; // organisation under whose prefix the document's rows stand
    document_kind kind = document_kind::document;
    digest packet_sha256;  // the bytes as received here
    digest content_sha256; // of the unwrapped attachments
    std::uint64_t size = 0;
    std::string payload; // encoded ledger::payload_ref
    business_identity identity;
    std::string from_code, from_name; // as written in the packet
    std::vector<std::string> to_codes;
    std::string subject, type_name, signer, due_date;
    int priority = 0;          // 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ
    std::string previous_node; // the peer it came from; empty: submitted here
    std::string credential;    // who submitted it here
    std::int64_t received_at = 0;
    std::string origin;           // origin signature, the sidecar's exact text; empty: not proven by the origin
    std::string origin_verdict;   // proven | invalid | absent
    std::string signatures;       // valid | invalid | indeterminate | unsigned | damaged | not_checked
    std::string attachments;      // JSON: name, size, hash, kind of each (schemas/edxml/json.hpp)
    std::string signature_report; // JSON of the pre-flight
    std::vector<std::string>
        flags;              // codes a clerk sees: number_reused, same_content_new_envelope, sender_unverified ...
    std::string log_origin; // where its receipt's leaf stands: origin and index
    std::uint64_t leaf = 0;
    std::int64_t sent_at = 0; // the sender's own time: of its first TraceHeader; 0: it names none
    // Only for a recall, update or replace: why, and the DocumentId of what it speaks of.
    std::string reason, target;
    std::vector<replaced_row> replaces; // only for a replacement, which names these and has no target
    // Only for an update: whose addressing it ends or begins, codes as written; is the content another one?
    std::vector<std::string> removed, added;
    bool content_changed = false;
    // Only for kind status:
    std::string status_code, status_description, about; // about: our id of the document it speaks of, if known
    std::int64_t status_time = 0;
};
BOOST_DESCRIBE_STRUCT(document_row, (),
                      (id, owner, kind, packet_sha256, content_sha256, size, payload, identity, from_code, from_name,
                       to_codes, subject, type_name, signer, due_date, priority, previous_node, credential, received_at,
                       origin, origin_verdict, signatures, signature_report, attachments, flags, log_origin, leaf,
                       sent_at, reason, target, replaces, removed, added, content_changed, status_code,
                       status_description, about, status_time))

// A status code seen on a consignment: its reporter's earliest and latest own time.
struct status_seen {
    std::string code;
    std::int64_t first = 0, last = 0;
};
BOOST_DESCRIBE_STRUCT(status_seen, (), (code, first, last))

struct consignment_row {
    std::string document;
    std::string recipient_code; // as written
    std::string recipient;      // organisation after aliases and successors; the code itself when unknown
    std::string recipient_name;
    state state_now = state::waiting;
    std::string hop;           // "local", a node id, or empty while held
    std::string reason;        // error code while deferred, parked or refused
    std::string reason_beyond; // why a later hop has parked it, as its notices say; empty: it has not
    std::string inbox_id;
    std::uint64_t inbox_sequence = 0;
    std::string last_status; // what the statuses seen amount to (statuses.hpp): 01..06, 13, 15, 16, or an unknown code
    std::int64_t last_status_time = 0;
    std::vector<status_seen> statuses;
    bool asked_back = false; // a recall, update or replace of it is on record
    // Of a replacement, a document of its own: what was answered to its taking the place of another, 15 or 16. Its
    // other statuses stand above, with those to a recall of itself.
    std::string answer;
    std::int64_t answer_time = 0;
    std::int64_t updated_at = 0;
};
BOOST_DESCRIBE_STRUCT(consignment_row, (),
                      (document, recipient_code, recipient, recipient_name, state_now, hop, reason, reason_beyond,
                       inbox_id, inbox_sequence, last_status, last_status_time, statuses, asked_back, answer,
                       answer_time, updated_at))

// A piece of a composed packet: new text, or a range of the packet as it was received.
struct piece_row {
    std::string text;
    std::uint64_t offset = 0, length = 0; // used when text is empty
};
BOOST_DESCRIBE_STRUCT(piece_row, (), (text, offset, length))

struct transfer_row {
    std::string owner, document, node;
    std::vector<std::string> recipients; // codes as written
    state state_now = state::waiting;
    std::uint32_t attempts = 0;
    std::int64_t created_at = 0, next_attempt_at = 0, last_attempt_at = 0, expires_at = 0;
    std::string reason, reason_detail; // public error code of the last attempt, short safe cause
    int priority = 0;
    // What shares a turn is sent one after another: the statuses of one reporter about one document. Empty: none.
    std::string turn;
    // Composed once, before the first attempt, and reused by every retry (contracts 5).
    bool composed = false;
    digest packet_sha256;
    std::uint64_t size = 0; // before that: of the packet as received
    std::vector<piece_row> pieces; // as a row of version 1 has them; else apart (envelope_row)
    digest receipt_sha256;         // of the next hop's receipt, when delivered
    // What a recall must know (recalls.hpp). attempt_open: bytes may be on their way; also after a crash in between.
    // perhaps_taken: an attempt ended without an answer, so that the hop may have it. recall_waits: a recall waits for
    // the outcome. fenced: of a recall, not to be tried before that of the document.
    bool attempt_open = false, perhaps_taken = false, recall_waits = false, fenced = false;
    std::int64_t expiry_warned_at = 0; // that it will expire was said, once; 0: not yet
};
BOOST_DESCRIBE_STRUCT(transfer_row, (),
                      (owner, document, node, recipients, state_now, attempts, created_at, next_attempt_at,
                       last_attempt_at, expires_at, reason, reason_detail, priority, turn, composed, packet_sha256,
                       size, pieces, receipt_sha256, attempt_open, perhaps_taken, recall_waits, fenced,
                       expiry_warned_at))

// What of a composed transfer never changes, so that the row above, which each attempt writes, stays small.
struct envelope_row {
    std::vector<piece_row> pieces;
};
BOOST_DESCRIBE_STRUCT(envelope_row, (), (pieces))

// Kinds of event are an open list of words (docs/store-format.md); unknown ones are kept and shown.
struct event_row {
    std::uint64_t sequence = 0;
    std::int64_t at = 0;
    std::string document;
    std::string recipient; // code as written, empty: the whole document
    std::string
        kind; // accepted, kept, handed_over, notice, status, fetched, acked, deferred, parked, returned, duplicate ...
    std::string code;            // status code, error code or notice kind
    std::string by;              // organisation, node or credential that caused it
    std::string text;            // description given by the other side, as received
    std::string proof;           // SHA-256 of the receipt or packet that shows it
    std::int64_t claimed_at = 0; // the other side's own time, 0: none
};
BOOST_DESCRIBE_STRUCT(event_row, (), (sequence, at, document, recipient, kind, code, by, text, proof, claimed_at))

struct inbox_row {
    std::uint64_t sequence = 0;
    std::string id;
    std::string organisation;
    std::string owner, document;
    document_kind kind = document_kind::document;
    std::string recipient_code;
    std::int64_t created_at = 0, fetched_at = 0, acked_at = 0, cancelled_at = 0;
    std::string last_status; // the last status this organisation's eOffice set
    bool asked_back = false; // a recall, update or replace of it is on record, or it is one itself
    std::string replaced_by; // inbox id of what took its place
};
BOOST_DESCRIBE_STRUCT(inbox_row, (),
                      (sequence, id, organisation, owner, document, kind, recipient_code, created_at, fetched_at,
                       acked_at, cancelled_at, last_status, asked_back, replaced_by))

// What occupies a business identity at one recipient.
struct identity_row {
    std::string document;
    digest content_sha256;
};
BOOST_DESCRIBE_STRUCT(identity_row, (), (document, content_sha256))

// The same at many recipients, who stand in rows of their own.
struct many_identity_row {
    std::string document;
    digest content_sha256;
    business_identity identity;
};
BOOST_DESCRIBE_STRUCT(many_identity_row, (), (document, content_sha256, identity))

// Where a recall, update or replace stands for one recipient.
//
//   fenced ─▶ withdrawn            the attempt did not reach the next hop
//      └────▶ asked ─▶ withdrawn   a hop further on still held the document and stopped it
//               ├────▶ before_clerk ─▶ agreed (15), denied (16)    the recipient's eOffice has it: it answers
//               ├────▶ agreed      nobody had taken it over: its entry is cancelled, also before it has come
//               └────▶ ended       the document was refused, returned or expired by itself; or its replacement is gone
//
// An update takes nothing back: it is never fenced, withdrawn or agreed to by itself.
BOOST_DEFINE_ENUM_CLASS(recall_stand, fenced, asked, before_clerk, withdrawn, agreed, denied, ended)

inline bool is_open(recall_stand s) {
    return s == recall_stand::fenced || s == recall_stand::asked || s == recall_stand::before_clerk;
}

// What the issuer asks of one document at one recipient: to give it back, or to take another in its place; kept
// whatever becomes of the document. The newest counts; events keep the earlier ones. `recall` is the packet that asks.
struct recall_row {
    int asks = 1;                          // its BussinessDocType: 1 recall, 2 update, 3 replace
    std::string issuer, target, recipient; // organisation, DocumentId recalled, organisation
    std::string owner, document, code;     // what it speaks of here, and its recipient's code; empty: not here (yet)
    std::string recall_owner, recall, asked_code; // the recall itself
    std::string reason, by, asked_by;             // by: organisation as written; asked_by: credential or node
    std::int64_t asked_at = 0, sent_at = 0;       // taken in here; the sender's own time
    recall_stand stands = recall_stand::asked;
    std::string where; // withdrawn: at whose hop, as that says
    std::int64_t answered_at = 0;
    std::string proof; // SHA-256 of the packet that answers
};
BOOST_DESCRIBE_STRUCT(recall_row, (),
                      (asks, issuer, target, recipient, owner, document, code, recall_owner, recall, asked_code, reason,
                       by, asked_by, asked_at, sent_at, stands, where, answered_at, proof))

struct idempotency_row {
    digest request_sha256;
    int status = 0;
    std::string body; // byte for byte what was answered first
    std::string document;
    std::int64_t at = 0;
};
BOOST_DESCRIBE_STRUCT(idempotency_row, (), (request_sha256, status, body, document, at))

// A transport outcome for the hop a document came from (contracts 3).
struct notice_row {
    std::uint64_t sequence = 0;
    digest packet_sha256; // as that hop sent it to us
    std::string recipient;
    std::string kind; // accepted, kept, on_axis, parked, returned, expired, released, recalled
    std::string code; // reason for parked and returned
    std::string by;   // organisation where it happened
    std::int64_t at = 0;
    std::string proof;
};
BOOST_DESCRIBE_STRUCT(notice_row, (), (sequence, packet_sha256, recipient, kind, code, by, at, proof))

} // namespace vanthu::records
