// What changed between two revisions of a PDF, in the words of the rules for signed documents. Internal to signing/pdf.
//
// Every object whose cross-reference entry differs is compared by value. A changed object is allowed only in its role
// (catalogue, page, form field, ...), which it has only if every reference to it in the earlier revision belongs to
// that role (roles.hpp), and only in the entries its role may change. New objects have no effect except through such an
// entry; one that an earlier revision already referred to (and did not have) is never allowed.
#pragma once

#include "signing/pdf/appended.hpp"

namespace vanthu::pdf {

enum class change_kind {
    signature_added, // a new signed field, or an empty one now signed
    field_added,     // a signature field without value and without any entry that draws (new_field.hpp)
    field_filled,
    timestamp_added, // document time stamp that shows nothing
    evidence_added,  // document security store
    metadata_updated,
    resources_added, // fonts of the form, without an effect on any value
    forbidden,
};

struct change {
    change_kind kind;
    std::string what; // field name; for `forbidden` a code such as "page_changed"
    bool operator==(const change&) const = default;
};

std::string to_string(const change& c); // "field_filled:vanthu_number", "page_changed"

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
