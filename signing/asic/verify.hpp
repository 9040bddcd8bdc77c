// Verification of an ASiC-S or ASiC-E container with CAdES or XAdES signatures.
//
// Rules of the house
//   - the archive itself is read strictly (zip.hpp): where two readers could see two containers, nothing is determined
//   - a CAdES signature of ASiC-E is over exactly one manifest, and good only if every file that this names is there
//     with that hash; SHA-1 and unknown algorithms are refused
//   - a time stamp over an ASiCArchiveManifest is an archive stamp of the CAdES signatures that the manifest names
//   - "unsigned" is the verdict where a file of the container is under no signature, however good the signatures are;
//     the finding "asic.file_not_signed" names such files. Files in META-INF that are no part of a signature count, and
//     empty folders; OpenDocument's manifest.xml only where it says more than names and media types
//   - a signature over some of the files says so with their names ("asic.signs_only"); where none is over all of them the
//     container is indeterminate ("asic.signed_in_parts"): a stranger's document lies beside another's signature
//   - "mimetype" is the first entry, stored, without extra fields; a comment "mimetype=..." says the same
// Source: ETSI EN 319 162-1 V1.1.1, clauses 4.3 and 4.4, annexes A.4 to A.7.
#pragma once

#include "signing/asic/container.hpp"
#include "signing/validation/report.hpp"

namespace vanthu::asic {

struct container_verdict {
    // `field` of a signature: its file, for XAdES "FILE#ID". `covers`: "whole" where it is over all files.
    validation::file_report report;
    std::vector<validation::conclusion> conclusions; // one a signature; of a time stamp file only its stamp
};

// Never fails: what is no container is indeterminate with the finding "asic.not_asic".
container_verdict verify(bytes_view container, const x509::trust_store& trust, const x509::evidence& known,
                         timestamp at, const validation::policy& policy = {}, const limits& bounds = {},
                         x509::cache* memory = nullptr);

// Does this look like an ASiC container: a ZIP with the mimetype of one wherever it stands or, where it has none (4.3.3.1
// leaves that open), with files in META-INF that ASiC names? A ZIP that cannot be read strictly: by such marks anywhere.
// OpenDocument's and other kinds with a mimetype of their own are none.
bool is_container(bytes_view file);

} // namespace vanthu::asic
