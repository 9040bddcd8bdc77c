// How much of an unknown document is looked at. Everything above is errc::over_budget.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vanthu::xml {

struct limits {
    std::uint64_t bytes = 1ull << 30;        // of one document
    std::size_t depth = 200;                 // libxml2 itself stops at 256
    std::size_t elements = 1'000'000;        // of one document
    std::size_t attributes = 128;            // of one tag, namespace declarations included
    std::size_t tag_bytes = 64u << 10;       // of one tag
    std::size_t markup_bytes = 1u << 20;     // of one comment or processing instruction, and of all open tags
    std::size_t signatures = 16;             // of one document
    std::size_t signature_bytes = 48u << 20; // of one Signature element (certificates and CRLs included)
    std::size_t signature_elements = 20'000; // of one Signature element
    std::size_t references = 64;             // of one signature
    std::size_t transforms = 3;              // of one reference
    std::size_t certificates = 64;           // embedded in one signature
    std::size_t revocation_values = 64;      // embedded in one signature
    std::size_t time_stamps = 16;            // of one signature
    std::size_t archive_readings = 32;       // of the whole document, for all archive time stamps of one signature
};

} // namespace vanthu::xml
