// What the statuses seen on a consignment amount to. A consignment remembers which codes it has seen and when their
// reporter says it was; the shown "last status" is a function of that set alone, so that late, double and out-of-order
// statuses end in the same state whatever order they came in.
//
//   01 ─▶ 03 ─▶ 04 ─▶ 05 ─▶ 06      04 and 05 may be skipped or repeated
//    └──▶ 02                         refused: the end
//   13, or a recall, update or replace by packet ─▶ 15 (the end) or 16
//
// Source: docs/statuses.md.
#pragma once

#include "daemon/records/rows.hpp"

#include <string_view>

namespace vanthu::records {

// Adds a code, known or not, with its reporter's own time, and finds the last status anew. A code that makes no sense
// stays in the set and moves nothing.
void add_status(consignment_row&, std::string_view code, std::int64_t time);
// A recall, update or replace of this document is on record: 15 and 16 answer it.
void ask_back(consignment_row&);
// Of a replacement: 15 or 16 to its taking the place of another. 15 stays; denied, it ends like a refused one.
void answer_place(consignment_row&, std::string_view code, std::int64_t time);

// Why a further status makes no sense beside what is on record. 03 to 06 without a 01 do: they show that the document
// has arrived, and its 01 may be on another way.
enum class status_fault {
    none,
    answer_without_request,   // 15, 16: nothing was asked
    refusal_after_acceptance, // 02 after 03, 04, 05 or 06
    after_the_end,            // after a refusal, an agreed recall or a denied replacement
};
status_fault fault_of(const consignment_row&, std::string_view code, std::int64_t time);

} // namespace vanthu::records
