// Whose fault a failed attempt is. One table, here and nowhere else, tells permanent from transient, and what the
// document has to answer for from what the destination has. Pure.
//
//   permanent        this packet is never taken like this: returned
//   of_document      try this one later; the destination has answered
//   no_documents     an overloaded receiver: it answers, and takes statuses, recalls and all but new documents
//   at_home          nobody was asked: it says nothing of the destination
//   unclear          the one or the other: the destination's when several documents in a row meet it
//   of_destination   nothing of the document was at stake: it burns no attempt once the destination is known to be down
//   none             delivered
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace vanthu::delivery {

struct outcome; // transport.hpp

enum class fault { none, permanent, of_document, no_documents, at_home, unclear, of_destination };

// An answer of the other side: its code, its HTTP status (0: there was no answer), whether it says itself that another
// attempt may help. A code of the table decides; else what the other side says; else the status.
fault fault_of(std::string_view code, int status, std::optional<bool> says_retry);
fault fault_of(const outcome&);

struct fault_row {
    std::string_view code;
    fault is;
};
std::span<const fault_row> fault_table();

} // namespace vanthu::delivery
