// The folder of trusted certificates, as the commands (--trust) and vanthud (signing.trust_directory) read it:
//
//   DIR/*.crt *.cer *.der *.pem                 self-issued CA certificates are anchors, other CA certificates help to
//                                               build paths
//   DIR/intermediates/*.crt ...                 help to build paths and are never anchors, also where self-issued
//   DIR/lists/*.xml                             trust lists (signing/trust_list): anchors with their times
//   DIR/lists/signers/*.crt ...                 the certificates that sign them
#pragma once

#include "signing/x509/path.hpp"

#include <filesystem>

namespace vanthu::signing_rules {

// files::errc::unreadable: no such folder; files::errc::not_found: neither certificate nor list in it; x509::errc of
// load_trust() and add_listed(); trust_list::errc, its detail with the file's name. `now`: for the signatures of lists.
result<x509::trust_store> read_trust_folder(const std::filesystem::path& folder, timestamp now);

} // namespace vanthu::signing_rules
