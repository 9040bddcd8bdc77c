// ASiCManifest: which files a signature or time stamp of an ASiC-E container is about, with their hashes.
// Source: ETSI EN 319 162-1 V1.1.1, clause 4.4.3 and annex A.4.
#pragma once

#include "signing/asic/zip.hpp"
#include "signing/x509/hash.hpp"

namespace vanthu::asic {

inline constexpr std::string_view namespace_uri = "http://uri.etsi.org/02918/v1.2.1#",
                                  cades_mime_type = "application/pkcs7-signature",
                                  time_stamp_mime_type = "application/vnd.etsi.timestamp-token";

struct data_reference {
    std::string name; // of the file in the container, decoded
    std::string mime_type;
    std::optional<x509::hash> algorithm; // none: one that is not accepted
    bytes digest;
};
struct manifest {
    std::string signature; // name of the signature or time stamp file
    std::vector<data_reference> files;
};

// errc::manifest_unreadable: no ASiCManifest, something missing, a file named twice, or an extension marked critical.
// errc::over_budget.
result<manifest> read_manifest(bytes_view xml, const limits& bounds = {});
// Algorithms must be there. `mime_type` is the signature's.
bytes write_manifest(const manifest& what, std::string_view mime_type);

} // namespace vanthu::asic
