// The report in the form of ETSI TS 119 102-2 V1.4.1 (namespace http://uri.etsi.org/19102/v1.4.1#), for archives and
// for other validators. Valid against the schema of that edition; tests/interop holds it against the published file.
#pragma once

#include "signing/validation/report.hpp"

namespace vanthu::validation {

struct judged_file {
    file_report report;
    std::optional<digest> sha256; // of the whole file, where the caller has it
};

// One ValidationReport with one SignatureValidationReport for each signature; a file without signatures gets one that
// says so. `at` is the time of validation. Findings stand as ReportData typed urn:vanthu:finding:CODE, in Vietnamese
// and English. Not signed.
std::string to_xml(const std::vector<judged_file>& files, timestamp at);

} // namespace vanthu::validation
