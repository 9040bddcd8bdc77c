// Why a packet cannot be read or written (errc), and what was odd about one that can (finding).
//
// A refusal is a failure: the packet has no meaning for us. A finding is part of the value: the packet was read, and
// whoever decides (intake, the clerk) sees what was unusual. docs/packets.md lists both.
#pragma once

#include "daemon/base/failure.hpp"

#include <span>
#include <string>
#include <string_view>

namespace vanthu::edxml {

enum class errc {
    empty = 1,            // no byte at all
    not_xml,              // no XML within the tolerated junk
    not_edxml,            // XML with another root
    old_namespace,        // a packet of a format before QCVN 102:2016
    edxml_1_0,            // SOAP envelope of edXML 1.0
    encoding_unsupported, // not UTF-8
    not_well_formed,      // XML rules broken beyond what is tolerated
    truncated,            // the bytes end inside the document
    doctype_refused,      // DOCTYPE, whatever it holds
    too_large,            // whole packet
    tag_too_long,
    too_many_attributes,
    too_deep,
    too_many_elements,
    text_too_long,
    too_many_attachments,
    transfer_markup,        // an element, comment or reference inside the base64 text
    from_missing,           // no From/OrganId
    recipient_missing,      // no recipient
    identification_missing, // nothing identifies the document
    status_code_missing,
    inflated_too_large,  // a wrapped attachment unpacks beyond the limit (zip bomb)
    field_missing,       // writing: a required field is empty; detail names it
    field_too_long,      // writing: detail names field and limit
    field_invalid,       // writing or JSON: detail names the field
    field_unknown,       // JSON: a key that does not exist
    duplicate_recipient, // writing: two To with one OrganId
    attachment_missing,  // the attachment asked for does not exist
};
std::error_code make_error_code(errc);

enum class finding_code {
    byte_order_mark = 1,
    leading_junk, // bytes before the XML declaration were dropped
    declaration_missing,
    unbound_prefix,
    namespace_missing,    // the root has no namespace
    soap_envelope,        // edXML 2.0 fields inside a SOAP envelope
    status_element_name,  // edXML:Status instead of MessageHeader
    required_missing,     // detail: field
    longer_than_standard, // detail: field
    value_unknown,        // detail: field and value
    duplicate_element,    // detail: element; the first one counts
    date_form,            // another form than yyyy/MM/dd, understood
    date_ambiguous,       // 03/04/2025: hold for a person
    date_invalid,
    date_in_future,
    duplicate_recipient,    // merged, one delivery
    recipient_without_id,   // dropped
    trace_incomplete,       // OrganId missing or the text "null"
    recall_target_inferred, // Bussiness/DocumentId absent, taken from elsewhere
    attachments_before_header,
    content_id_missing,
    content_id_duplicate,
    manifest_without_attachment,
    attachment_not_in_manifest,
    manifest_mismatch, // same id, other name
    attachment_name_missing,
    attachment_empty,
    attachment_damaged, // wrong base64, or a PDF destroyed by a text round trip
    duplicate_transfer, // a second ContentTransferEncoded was ignored
    zip_bomb,           // unpacks beyond the limit: kept packed
    more_findings,      // the list was cut at its limit
};

struct finding_row {
    finding_code code;
    std::string_view name; // stable; the public code is "edxml.<name>"
    std::string_view message_vi, message_en;
};
std::span<const finding_row> finding_rows(); // every finding_code, in order
const finding_row& describe(finding_code);

struct finding {
    finding_code code;
    std::string detail; // field, attachment or value concerned; safe to show
    bool operator==(const finding&) const = default;
};

} // namespace vanthu::edxml

template <> struct std::is_error_code_enum<vanthu::edxml::errc> : std::true_type {};
