// edXML 2.0 packets as values.
//
// Texts are UTF-8 as received, without surrounding white space; an empty text is an absent element. Numbers and codes
// stay text so that a hop passes on what it was given, also what it does not know. Elements that have no member here
// live on in the raw packet only.
//
// Source: QCVN 102:2016/BTTTT with Sửa đổi 1:2022.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/clock.hpp"
#include "schemas/edxml/errors.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace vanthu::edxml {

inline constexpr std::string_view namespace_uri = "http://www.mic.gov.vn/TBT/QCVN_102_2016";

using date = std::chrono::year_month_day;

// `text` is what the packet says; `value` is set when it could be understood without doubt.
struct packet_date {
    std::string text; // to be sent: yyyy/MM/dd
    std::optional<date> value;
    bool empty() const { return text.empty(); }
    bool operator==(const packet_date&) const = default;
    static packet_date of(date d);
    // yyyy/MM/dd; also yyyy-MM-dd, and dd/MM/yyyy where day and month cannot be confused.
    static packet_date parse(std::string_view text);
};
struct packet_time {
    std::string text; // to be sent: yyyy/MM/dd HH:mm:ss, UTC+7
    std::optional<timestamp> value;
    bool empty() const { return text.empty(); }
    bool operator==(const packet_time&) const = default;
    static packet_time of(timestamp t);
    static packet_time parse(std::string_view text);
};

struct organisation {
    std::string organ_id, organization_in_charge, organ_name, organ_add, email, telephone, fax, website;
    bool operator==(const organisation&) const = default;
};
struct document_code {
    std::string number, notation; // CodeNumber, CodeNotation
    bool operator==(const document_code&) const = default;
};
struct promulgation_info {
    std::string place;
    packet_date date;
    bool operator==(const promulgation_info&) const = default;
};
struct document_type {
    std::string type, type_name;
    std::string type_detail; // extension seen on the wire
    bool operator==(const document_type&) const = default;
};
struct signer_info {
    std::string competence, position, full_name;
    bool operator==(const signer_info&) const = default;
};
struct other_info {
    std::string priority; // 0..4, see priority_of()
    std::string sphere_of_promulgation, typer_notation, promulgation_amount, page_amount;
    std::vector<std::string> appendixes;
    std::string direction; // extension written by the axis: "true" or "false"
    std::string secret;    // edXML 1.0 only; read, never written
    bool operator==(const other_info&) const = default;
};
struct response_for {
    std::string organ_id, code; // code: "number/notation" in one text
    packet_date promulgation_date;
    std::string document_id;
    bool operator==(const response_for&) const = default;
};
struct staff_info {
    std::string department, staff, mobile, email;
    std::string department_id, staff_id; // extensions
    bool operator==(const staff_info&) const = default;
};
struct trace_header {
    std::string organ_id; // empty where the packet has none, or the text "null"
    packet_time timestamp;
    bool operator==(const trace_header&) const = default;
};
struct receiver_change {
    std::string receiver_type, organ_id; // 0 removed, 1 added
    bool operator==(const receiver_change&) const = default;
};
struct bussiness_document_info {
    std::string document_info, document_receiver; // 0 or 1: content changed, receivers changed
    std::vector<receiver_change> receivers;
    bool operator==(const bussiness_document_info&) const = default;
};
struct replacement_info {
    std::string document_id;
    std::vector<std::string> organ_ids;
    bool operator==(const replacement_info&) const = default;
};

enum class bussiness_type { new_document = 0, recall = 1, update = 2, replace = 3, unknown = 99 };

// Spelled as in the standard.
struct bussiness {
    std::string doc_type = "0"; // BussinessDocType; see bussiness_type_of()
    std::string doc_reason;
    std::optional<bussiness_document_info> document_info; // update
    std::string document_id;                              // recall, update; see target_document_id()
    std::optional<staff_info> staff;
    std::string paper;
    std::vector<replacement_info> replacements; // replace
    bool operator==(const bussiness&) const = default;
};

// Everything the header of a document packet says: MessageHeader and TraceHeaderList.
struct document_header {
    organisation from;
    std::vector<organisation> to; // as read: each OrganId once, none empty
    document_code code;
    promulgation_info promulgation;
    edxml::document_type document_type;
    std::string subject, content;
    std::optional<signer_info> signer;
    packet_date due_date;
    std::vector<std::string> to_places;
    std::optional<edxml::other_info> other_info;
    std::vector<edxml::response_for> response_for; // groups with only empty children are left out
    std::string steering_type;
    std::string document_id;
    std::vector<std::string> response_for_tasks; // extension: ResponseForTask/TaskCode
    std::string application_type;                // extension
    std::vector<trace_header> trace;             // the first is the sender
    std::optional<edxml::bussiness> bussiness;   // absent: a new document
    bool operator==(const document_header&) const = default;
};

bussiness_type bussiness_type_of(const document_header&); // absent Bussiness: new_document
// The document a recall or update speaks of: Bussiness/DocumentId, else DocumentId, else the first ResponseFor with
// one.
std::string target_document_id(const document_header&);
std::optional<int> number_of(std::string_view text);    // plain decimal digits that fit; no sign, no white space
std::optional<int> priority_of(const document_header&); // 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ

// A marking of state secrecy in the metadata: such a document must not travel here.
enum class secret_level { mat = 1, toi_mat, tuyet_mat, unspecified };
struct secret_marker {
    secret_level level;
    std::string field; // "other_info.secret", "subject", ...
    std::string text;  // as found
};
// Only a stand-alone marking counts; the rule and its false alarms are in docs/packets.md ("Secrecy markings").
std::optional<secret_marker> find_secret_marker(const document_header&);
// The same rule for one text (a line of the first page, a file name without extension).
std::optional<secret_level> secret_marking(std::string_view text);

struct manifest_reference {
    std::string content_id; // without cid:
    std::string content_type, description, attachment_name;
    bool operator==(const manifest_reference&) const = default;
};

enum class content_kind { unknown, empty, pdf, zip, docx, xlsx, pptx, ole, png, jpeg, xml, rtf, text };
std::string_view name_of(content_kind);    // "pdf"
std::string_view media_type(content_kind); // "application/pdf"; unknown: "application/octet-stream"
content_kind sniff(bytes_view head);       // by the first bytes only (4 096 are enough)

// A range of bytes of the received packet.
struct raw_range {
    std::uint64_t offset = 0, length = 0;
    bool operator==(const raw_range&) const = default;
};

// The single file inside a ZIP that a sender wrapped around an attachment.
struct unwrapped_content {
    std::string name; // of the entry; a sender's uuid, not for people
    std::uint64_t size = 0;
    digest sha256;
    bool operator==(const unwrapped_content&) const = default;
};

struct attachment_info {
    std::string content_id; // without cid:
    std::string name, description, content_type;
    raw_range transfer;     // the base64 text inside the packet, white space and CDATA marks included
    std::uint64_t size = 0; // decoded, as sent
    digest sha256;          // decoded, as sent
    std::optional<unwrapped_content> unwrapped;
    content_kind kind = content_kind::unknown; // of the content (unwrapped where it was wrapped)
    bool damaged = false;                      // wrong base64 or destroyed by a text round trip: findings say which
    std::vector<finding> findings;

    const digest& content_hash() const { return unwrapped ? unwrapped->sha256 : sha256; }
    std::uint64_t content_size() const { return unwrapped ? unwrapped->size : size; }
};

struct document_packet {
    document_header header;
    std::vector<manifest_reference> manifest;
    std::vector<attachment_info> attachments;
    bool envelope_signature = false; // a non-empty Signature element is there; nobody relies on it
};

// Source: QCVN 102:2016, status packet. There is no To: response_for.organ_id is the organisation to be told.
struct status_packet {
    organisation from;
    edxml::response_for response_for;
    std::optional<staff_info> staff;
    std::string status_code; // two digits as text; unknown codes are kept
    std::string description;
    packet_time timestamp;
    bool operator==(const status_packet&) const = default;
};

struct packet {
    std::variant<document_packet, status_packet> body;
    std::vector<finding> findings; // of the whole packet; those of one attachment are in it
    std::uint64_t size = 0;        // bytes received, junk included
    digest packet_sha256;          // of exactly these bytes
    digest content_sha256;         // see below

    const document_packet* document() const { return std::get_if<document_packet>(&body); }
    const status_packet* status() const { return std::get_if<status_packet>(&body); }
};

// What is the same about a document on every hop, in every envelope, order and wrapping:
// SHA-256 over "vanthu-content-v1\n", the number of attachments in decimal and "\n", then the raw 32-byte hashes of the
// attachments' contents (unwrapped) in ascending byte order, repeated ones repeated. A packet without attachments and a
// status hash the empty list.
digest content_sha256(std::vector<digest> content_hashes);

} // namespace vanthu::edxml
