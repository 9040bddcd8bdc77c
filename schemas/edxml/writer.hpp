// Writes packets in exactly one form: UTF-8 without BOM, the literal prefixes that consumers in the field look for, one
// fixed order of elements for a route.
//
// A packet is written as pieces, so that attachments are never held in memory: text of ours, ranges of a received
// packet, and places where the caller streams the base64 of a file. Concatenated in order the pieces are the packet.
// Texts are written as given (no normalisation), never cut.
#pragma once

#include "schemas/edxml/packet.hpp"

#include <span>
#include <variant>

namespace vanthu::edxml {

enum class element_order { qcvn, sdk }; // sdk: DocumentId after To, ToPlaces last

// The base64 text of the caller's attachment number `index` (base64_encode, no line breaks) belongs here.
struct attachment_content {
    std::size_t index;
    bool operator==(const attachment_content&) const = default;
};
using piece = std::variant<std::string, raw_range, attachment_content>;

struct new_attachment {
    std::string name;         // required, at most 500 characters
    std::string description;  // at most 500 characters
    std::string content_type; // required: the true type, see media_type(sniff(...))
    std::string content_id;   // required, unique, without cid:
};

// Refuses what breaks the standard (lengths count characters, not bytes) and what consumers in the field cannot take:
// field_missing, field_too_long, field_invalid, duplicate_recipient; detail names the field ("to[1].organ_id: ...").
// A date of issue in the future is the caller's to refuse.
result<> check_document(const document_header&);
result<> check_status(const status_packet&);

// A packet of our own: check_document(), then header, manifest and attachments.
result<std::vector<piece>> compose_new(const document_header&, std::span<const new_attachment>,
                                       element_order = element_order::qcvn);

// What this hop sends on: the received packet's known fields, `appended` as the last TraceHeader, and every
// attachment's base64 text as the range of the received packet where it stands, byte for byte. The caller may edit a
// copy of the header first (a route's recipients). Lengths and missing fields are passed on as received. Refused:
// field_invalid (a text that cannot stand in XML), recipient_missing.
result<std::vector<piece>> compose_outgoing(const document_packet& received,
                                            const std::optional<trace_header>& appended,
                                            element_order = element_order::qcvn);

// A packet without attachments, whole: check_document() first.
result<std::string> compose_document(const document_header&, element_order = element_order::qcvn);
// `echo`: what response_for repeats of a document that another wrote. As received, a document that breaks the standard
// can be answered all the same.
enum class echo { checked, as_received };
result<std::string> compose_status(const status_packet&, echo = echo::checked);

// Bytes of the packet the pieces make; `content_sizes` are the plain sizes of the caller's attachments.
std::uint64_t total_size(std::span<const piece>, std::span<const std::uint64_t> content_sizes = {});

} // namespace vanthu::edxml
