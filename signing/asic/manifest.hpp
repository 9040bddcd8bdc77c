// ASiCManifest: which files a signature or time stamp of an ASiC-E container is about, with their hashes.
// Source: ETSI EN 319 162-1 V1.1.1, clause 4.4.3 and annex A.4.
#pragma once

#include "signing/asic/zip.hpp"
#include "signing/x509/hash.hpp"

#include <set>

namespace vanthu::asic {

inline constexpr std::string_view namespace_uri = "http://uri.etsi.org/02918/v1.2.1#",
                                  open_document_uri = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
                                  open_document_signatures_uri =
                                      "urn:oasis:names:tc:opendocument:xmlns:digitalsignature:1.0",
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
// Is this OpenDocument's list of files (META-INF/manifest.xml) with nothing to read in it but media types and `names`,
// those of the container's entries? Nobody signs it, so it may say nothing else. Source: OpenDocument 1.2 part 3, 4.
bool is_plain_file_list(bytes_view xml, const std::set<std::string>& names, const limits& bounds = {});

// Algorithms must be there. `mime_type` is the signature's.
bytes write_manifest(const manifest& what, std::string_view mime_type);

} // namespace vanthu::asic
