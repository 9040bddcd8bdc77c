// Why the gate does not take a packet. docs/errors.md tables the codes ("intake.secret_refused").
#pragma once

#include "daemon/base/failure.hpp"

namespace vanthu::intake {

enum class errc {
    sender_not_authorised = 1, // the link may not deliver for this From
    sender_not_yours,          // the credential does not belong to From
    hash_mismatch,             // the bytes are not those announced
    size_mismatch,
    kind_mismatch,        // the manifest says document, the packet is a status, or the other way round
    recipient_not_listed, // the manifest hands over a recipient that the packet does not name
    too_many_recipients,
    recipient_unknown,        // submitted here: no such organisation
    recipient_closed,         // submitted here: closed, without one successor
    no_route,                 // submitted here: nobody serves it
    date_in_future,           // submitted here: date of issue after today
    date_ambiguous,           // cannot be read without doubt
    secret_refused,           // a secrecy marking: this network carries no state secrets
    secret_isolated,          // the same, from a partner: kept apart, not carried
    number_reused,            // issuer: this number and notation stand on another document
    signature_refused,        // policy: the verdict on the signatures does not allow it
    attachment_damaged,       // submitted here: an attachment cannot be read
    attachment_inflates,      // a wrapped attachment unpacks beyond the limit (zip bomb)
    idempotency_conflict,     // same Idempotency-Key, other request
    still_running,            // the first request with this key has not been answered yet
    status_unreadable,        // a status without what identifies its document
    answer_without_request,   // submitted here: 15 or 16, and no recall, update or replace is on record
    refusal_after_acceptance, // submitted here: 02 after 03, 04, 05 or 06
    status_after_end,         // submitted here: the document was refused, or its recall agreed to
    request_changed,          // submitted here: 15 or 16, and something else was asked while it was being composed
    inbox_right_missing,      // submitted here: a status about an inbox entry, by a credential without that right
    number_malformed,         // submitted here: a number or notation that cannot stand in a register
    attachment_empty,         // submitted here
    attachment_name_unsafe,   // submitted here: a name that is no plain file name
    sender_not_served,        // submitted here: the registry has another node serve this sender, or none
    // Not refused, but parked until an operator releases it:
    signature_held,    // policy "hold": the verdict on the signatures
    first_page_unseen, // submitted here: a PDF whose first page could not be looked at for a secrecy marking
    // Of what was parked so:
    returned_by_operator, // it goes back to its sender, with the operator's words
    nothing_held,         // no recipient of the document waits for an operator
    // Of a recall, update or replacement asked for here:
    recall_not_sender,        // the document came here, it was not sent from here by this credential's organisations
    recall_not_document,      // a status, or a recall or update itself
    recall_recipient_unknown, // the document was not addressed to it
    former_node_gone,         // the node that took the document is no longer in the registry
    recall_already_asked,     // and not answered yet
    recall_ended,             // taken back, refused, returned or expired
    recall_reason_missing,
    recall_without_id, // the document has no DocumentId to name it by
    entry_recalled,    // an inbox entry that was cancelled before it was acknowledged
    overloaded,        // a mark of pressure.hpp is passed: no new documents for a while
    nothing_changed,   // an update or replacement that leaves everything as it is
    document_id_reused, // a replacement under the very id of what it replaces
};
std::error_code make_error_code(errc);

} // namespace vanthu::intake

template <> struct std::is_error_code_enum<vanthu::intake::errc> : std::true_type {};
