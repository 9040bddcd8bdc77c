// Where a recall stands for one recipient, for people: in the ladder of the document, in the inbox, on the page.
#pragma once

#include "daemon/api/ladder.hpp"

namespace vanthu::api {

// {stands, text_vi, text_en, reason, by, asked_at, recall_id, answered_at, answer_by?, late?}; nullopt: nobody has
// asked for it back. The texts are one sentence each.
result<std::optional<boost::json::object>> recall_json(const records::reader&, const records::document_row&,
                                                       const records::consignment_row&, const ladder_context&);

} // namespace vanthu::api
