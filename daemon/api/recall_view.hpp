// Where a recall, update or replacement stands for one recipient, for people: in the ladder of the document, in the
// inbox, on the page.
#pragma once

#include "daemon/api/ladder.hpp"

namespace vanthu::api {

// When what asks was kept at whom, as far as looked up: by its id, then by its recipient's code. One for all recipients
// of a ladder: the events of what asks them are read once.
using kept_times = std::map<std::string, std::map<std::string, timestamp>>;

// Adds what there is of `recall`, `update`, `updates` and `replaced_by`, each {stands, text_vi, text_en, reason, by,
// asked_at, recall_id, answered_at, answer_by?, answer_state?, late?}, and `replaces`, a list of them. All but `recall`
// also name the other of the two: document_id, inbox_id (null: it is in no inbox here). The texts are one sentence
// each. `answer_by` stands once what asks is known to be kept at the recipient's node and waits for the clerk there, or
// has waited; on the sender's side that is known from the notice `kept`. Every duty to answer is added to `to`'s
// `deadlines`, where it has such a list. The answer: the one of them that says what the document waits for or how it
// has ended; nullopt: none does.
result<std::optional<boost::json::object>> add_conversations(boost::json::object& to, const records::reader&,
                                                             const records::document_row&,
                                                             const records::consignment_row&, const ladder_context&,
                                                             kept_times&);

} // namespace vanthu::api
