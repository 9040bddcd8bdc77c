// One revision appended to a PDF, read from its bytes so strictly that no two readers can see different objects in it.
// Internal to signing/pdf.
//
// QPDF shows one reading of a file; viewers have others: which of two rows for one number counts, whether generations
// matter, whether an object in an object stream is found by its index or its number, what /Prev and /XRefStm lead to,
// where an object is "repaired" from. A revision after a signature therefore is:
//
//   (object | known comment)* , one table with its trailer or one cross-reference stream , startxref , %%EOF
//
// with white space between, every value spelled plainly, and its cross-reference naming each of its objects once.
//
// What is not so, and what becomes of the signatures before it:
//
//   invalid        | nothing that could be an update: no cross-reference with startxref and %%EOF behind it, or one
//   that
//                  | cannot be read; bytes behind the last %%EOF. A signature that ends elsewhere than a revision does
//   invalid        | what gives readers different objects under a number that was known or referred to before: two
//   rows,
//                  | two objects, another generation, a freed row, a row that leads elsewhere, /Prev or startxref that
//                  | lead elsewhere, /XRefStm, a known object beyond /Size, heads of object streams that disagree,
//                  | a known object that cannot be read, an object hidden in other data. Nobody writes that by accident
//   invalid        | what changes more than is allowed in QPDF's reading, or in the one where the first of two entries
//   for
//                  | a key counts and not the last (odd spelling is no way around the comparison)
//   not determined | what careless programs write and readers agree about as far as is known: comments, words and
//   escapes (uncertain)    | that are none, a key twice, bytes between objects, sections or objects in another order,
//   white space
//                  | before the place that is named, rows of 19 bytes, fresh objects that are there twice, are not
//                  listed, | not readable or beyond /Size, a full table without /Prev
//
// Nothing of it is ever valid, and nothing is signed or added behind it.
// Source: ISO 32000-2 7.2, 7.3, 7.5 (7.5.4 cross-reference table, 7.5.6 incremental updates, 7.5.7 object streams,
// 7.5.8 cross-reference streams).
#pragma once

#include "signing/pdf/references.hpp"

#include <functional>
#include <string_view>

namespace vanthu::pdf {

using xref_table = std::map<QPDFObjGen, QPDFXRefEntry>;

struct written_object {
    int id = 0, generation = 0;
    std::size_t at = 0;                                            // of "N G obj"
    std::vector<std::pair<std::string, std::string_view>> entries; // of its dictionary: decoded key, value as spelled
    bool is_stream = false, unread = false;                        // unread: nothing is known of its value
    std::string_view data;                                         // of the stream, as it stands in the file
    std::string_view entry(std::string_view key) const;            // "" where there is none
};

struct written_row {
    int id = 0, type = 0;     // 0: free, 1: in use, 2: in an object stream
    std::uint64_t place = 0;  // offset, or number of the object stream
    std::uint64_t detail = 0; // generation, or index
};

// A code of findings.cpp and what it is about. `certain`: not to be explained by a careless writer.
struct flaw {
    std::string_view code;
    std::string detail;
    bool certain = true;
    bool operator==(const flaw&) const = default;
};

struct appended_revision {
    std::vector<written_object> objects;
    std::vector<written_row> rows;
    std::vector<QPDFObjGen> references;                      // all that its values contain
    std::vector<std::pair<QPDFObjGen, std::size_t>> lengths; // of streams, as they were resolved while reading
    std::vector<std::size_t> trailers;                       // where the words stand
    std::map<int, std::vector<int>> packed;                  // object stream -> numbers in it, by index
    std::optional<std::size_t> xref_stream;                  // index into objects
    std::size_t begin = 0, end = 0;                          // end: after %%EOF
    std::size_t section = 0;                                 // where the cross-reference begins
    std::uint64_t startxref = 0;
    std::optional<std::uint64_t> previous, size;            // /Prev, /Size
    std::vector<written_row> stale_rows;                    // of earlier sections in the same revision
    std::vector<std::pair<std::size_t, std::size_t>> twins; // later entries for a key that its dictionary has already
    bool hybrid = false;
    std::optional<std::uint64_t> hybrid_at; // /XRefStm
    std::vector<flaw> flaws;
};

// Length of a stream whose /Length is a reference; nullopt if unknown.
using resolve_length = std::function<std::optional<std::size_t>(int id, int generation)>;

// nullopt: no update. What can be read to the end but not trusted is among the flaws.
std::optional<appended_revision> read_appended(std::string_view file, std::size_t from, const resolve_length& length);

// Also those that show only beside the revisions before and after, as QPDF reads them; `references` are those of
// `before`. Throws what QPDF throws.
std::vector<flaw> flaws_of(const appended_revision& revision, const document& before, const xref_table& old_table,
                           const document& after, const xref_table& new_table, const reference_index& references);

// Of the signed revision itself: has every number one row in each of its sections? Where readers differ about it, what
// a later revision leaves or changes differs for them too: a catalogue that QPDF finds unchanged can be another one for
// those who read its twin until now. `startxref` counts from `header`.
bool has_clear_sections(std::string_view file, std::size_t header, std::uint64_t startxref,
                        const resolve_length& length);
// And in its bytes: who repairs the file and takes the last object of a number that stands there gets the one that the
// table names. Then it does not matter what in a later revision makes a reader repair.
bool is_same_when_repaired(const document& file, const xref_table& table, const reference_index& references);
// Is an object stream at `at` read in one way?
bool is_clear_object_stream(std::string_view file, std::size_t at, const resolve_length& length);

} // namespace vanthu::pdf
