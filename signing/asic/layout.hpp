// What a container holds: its files by the part they play, and whether its frame is a container's at all.
#pragma once

#include "signing/asic/container.hpp"
#include "signing/asic/zip.hpp"

namespace vanthu::asic {

struct container_files {
    zip_archive zip;
    asic::kind kind = asic::kind::extended;
    std::vector<std::string> data;                      // documents
    std::vector<std::string> cades, xades, time_stamps; // files of META-INF with signatures and tokens
    std::vector<std::string> strange;                   // names that nobody signs and that play no part
};

// Only what every reader finds at the same place and takes for a container: mimetype first and stored, no second type
// in the comment, no PDF between the files. Failures: not_a_zip, irregular_archive, over_budget, name_unsafe,
// damaged_entry. Borrows the bytes. Source: EN 319 162-1, 4.3.3 and annex A.
result<container_files> open_container(bytes_view, const limits&);

// A file of META-INF with signatures in XML: one element that holds signatures and nothing else, as what stands beside
// them is under none of them. A file that is not XML is not judged here: true.
// Source: EN 319 162-1, 4.3.3.2 and A.5 (XAdESSignatures); OpenDocument 1.2 part 3, 5.
bool holds_only_signatures(bytes_view);

} // namespace vanthu::asic
