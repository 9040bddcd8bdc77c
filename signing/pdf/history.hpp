// A PDF from its first signature on: where the signatures stand, what each later revision changed, which evidence the
// file has gathered. Reads and compares, judges nothing. Internal to signing/pdf.
//
//   revision 1 (first signature) | revision 2 (seal) | revision 3 (evidence) | revision 4 (document time stamp)
//   step 0                       | step 1: changes   | step 2: changes       | step 3: changes
//
// Each revision is opened by itself, and everything but the first is read only as far as it changed: the cost is that
// of the file plus that of its changes, not their product.
#pragma once

#include "signing/pdf/document.hpp"
#include "signing/pdf/report.hpp"
#include "signing/pdf/revisions.hpp"
#include "signing/pdf/security_store.hpp"

#include <set>

namespace vanthu::pdf {

struct found_signature {
    std::string name;               // of the field
    QPDFObjGen value;               // its signature dictionary; 0 0 where it is not an object of its own
    std::string kind;               // /SubFilter
    std::string claimed_time;       // /M
    std::vector<permissions> rules; // what it forbids
    std::size_t a = 0, b = 0;       // the gap [a, b) of the signed range
    std::size_t end = 0;            // the signed revision is [0, end)
    std::string trouble;            // code of what is wrong with its place
    bool is_time_stamp() const { return kind == "/ETSI.RFC3161"; }
};

struct revision_step {
    std::size_t end = 0;          // the revision is [0, end)
    std::vector<change> changes;  // against the step before
    std::set<std::string> fields; // names of the form fields it has
    stored_evidence store;        // of this revision and all before
};

struct history {
    std::vector<signing::finding> findings;  // about the file
    std::vector<found_signature> signatures; // in the order in which they were made
    std::vector<revision_step> steps;        // empty where no signature is in place
    bool is_unsigned = false;                // a sound file without signatures
};

// Never fails: what the reader could not read is a finding.
history read_history(bytes_view file, const budget& limits, x509::cache* memory = nullptr);

// For who is about to add a revision: is a file with signatures as they left it, but for what may follow them? Who
// signed is not looked at. errc::changed_after_signing, too_large.
result<> require_unchanged(bytes_view file);

} // namespace vanthu::pdf
