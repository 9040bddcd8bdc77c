// A status that follows from taking a document in for an organisation served here: 01 where it has no eOffice
// (contracts 3), 02 where the policy refuses by itself (contracts 10). It is decided in the same change as the
// document. Also the 02 of an operator who returns what was held, and the 15 to a recall of what nobody had taken over.
#pragma once

#include "daemon/intake/arrival.hpp"

namespace vanthu::intake {

struct companion {
    std::string recipient; // code as written
    bool agrees = false;   // 15, sent only where the decision says so
    offer from;
    edxml::packet packet;
    std::string text; // the packet's bytes, to be stored
    arrival status;   // points into the two above; without a payload until store_payload()

    result<> store_payload(ledger::payload_store&);
};

// `about`: the document, addressed to `recipient_code` as written. `refusal` empty: it has arrived (01); else an error
// code, and it is refused (02). `words`: what a 02 or 15 tells people; empty: that the signatures do not
// satisfy, or that it agrees.
// `recall_agreed` instead of an error code: the recall is agreed to (15).
// `replace_agreed`: the same, to a replacement.
inline constexpr std::string_view recall_agreed = "15", replace_agreed = "15 replace";
std::string words_of_agreement(std::string_view);
result<std::unique_ptr<companion>> compose_companion(edxml::response_for about, const std::string& recipient_code,
                                                     const std::string& recipient_name, const std::string& refusal,
                                                     std::shared_ptr<const registry::registry>, timestamp at,
                                                     const std::string& words = {});

// What 15 and 16 to a packet speak of: to a replacement, like those to a recall, of the document that ends. Where that
// is not known here its DocumentId is all there is to name it by. `itself`: the packet, which they speak of else, also
// where it replaces several.
result<edxml::response_for> answered_reference(const records::reader&, const std::string& home,
                                               const std::string& issuer,
                                               const std::vector<records::replaced_row>& replaces,
                                               edxml::response_for itself);
// Now, or where the asker's clock is ahead of ours by up to a day, when it was asked: an answer from before its request
// is taken for one to something earlier. `sent_at`: microseconds, 0: not known.
timestamp not_before(std::int64_t sent_at, timestamp now);
// The time of such an answer: not before what it answers, and after what the recipient has answered to earlier requests
// for the same document. The same answer again: not before the first.
result<timestamp> answer_time(const records::reader&, const std::string& home, const records::document_row& request,
                              const records::consignment_row& mine, const std::string& code, timestamp now);

} // namespace vanthu::intake
