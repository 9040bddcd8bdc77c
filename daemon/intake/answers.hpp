// Which request a 15 or 16 answers. In the standard an answer names the document only, of which several things may be
// asked one after another while answers are still under way. One that is made here therefore says it, behind its
// description, in words that a person reads and that every vanthu on the way carries unchanged:
//
//   … (trả lời yêu cầu thu hồi gửi lúc 2025/07/15 08:00:00)
//   … (trả lời yêu cầu cập nhật gửi lúc 2025/07/15 08:00:00)
//   … (trả lời yêu cầu thay thế bằng VB-2 gửi lúc 2025/07/15 08:00:00)      the DocumentId of the replacement
//
// The time is the sender's own (its first TraceHeader), to the second. An answer that does not say it is understood by
// its time (docs/statuses.md, "Which request").
#pragma once

#include "daemon/records/records.hpp"
#include "schemas/edxml/packet.hpp"

namespace vanthu::intake {

struct named_request {
    edxml::bussiness_type asks = edxml::bussiness_type::unknown;
    std::string replacement; // its DocumentId; of the others empty
    std::int64_t sent_at = 0;

    bool is(const records::document_row&) const;
};
// The request that an answer's description names; none: it says nothing of it.
std::optional<named_request> request_named_in(std::string_view description);
// `description` with the request named that is of this type and DocumentId. As it is where the request has no time of
// its own, and where it would become longer than consumers in the field keep.
std::string with_request(std::string description, edxml::bussiness_type, const std::string& document_id,
                         std::int64_t sent_at);

// Does who answers `on` here answer also what has its row? Another recall or replacement of the same document is, which
// he has before him too; not an update, which asks for nothing back, nor a replacement of several, which is answered
// for all of them.
result<bool> is_answered_with(const records::reader&, const records::document_row& on, const records::recall_row&);

// What is answered by 15 or 16 on this document, or request, of a recipient served here: of a request whose row another
// has taken and that is answered with it, that one, as both are closed; of a document what was asked of it last.
result<std::optional<records::document_row>> request_answered(const records::reader&, const std::string& home,
                                                              const records::document_row& on,
                                                              const records::consignment_row& mine);

} // namespace vanthu::intake
