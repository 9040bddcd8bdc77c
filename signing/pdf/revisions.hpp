// What changed between two revisions of a PDF, in the words of the rules for signed documents. Internal to signing/pdf.
//
// Every object whose cross-reference entry differs is compared by value. A changed object is allowed only in its role
// (catalogue, page, form field, ...), only in the entries its role may change, and, for objects without a type of their
// own, only if nothing else in the earlier revision refers to it. New objects have no effect except through such an
// entry; one that an earlier revision already referred to (and did not have) is never allowed.
#pragma once

#include "signing/pdf/references.hpp"

namespace vanthu::pdf {

enum class change_kind {
    signature_added, // a new signed field, or an empty one now signed
    field_added,     // an empty, invisible or unmarked signature field
    field_filled,
    timestamp_added, // document time stamp
    evidence_added,  // document security store
    metadata_updated,
    forbidden,
};

struct change {
    change_kind kind;
    std::string what; // field name; for `forbidden` a code such as "page_changed"
    bool operator==(const change&) const = default;
};

std::string to_string(const change& c); // "field_filled:vanthu_number", "page_changed"

using xref_table = std::map<QPDFObjGen, QPDFXRefEntry>;

struct opened_revision {
    document file;
    field_tree fields;
    xref_table table;
};

// `references` are those of `before` and become those of `after`. Reads only objects whose entries differ, the form
// fields and what they lead to. Throws what QPDF throws.
std::vector<change> compare_revisions(const opened_revision& before, const opened_revision& after,
                                      reference_index& references);

} // namespace vanthu::pdf
