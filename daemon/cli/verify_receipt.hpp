// `vanthu verify-receipt FILE [--trust DIR] [--packet FILE] [--later FILE] [--lang vi|en] [--json]`: judges a receipt,
// offline; with --later also whether the organisation, after a restore, still stands by it (receipt::continued_by).
//
// Exit code: 0 the receipt holds; 1 it does not (the reason's code is printed); 64 wrong usage; 66 a file or the trust
// folder cannot be read.
#pragma once

#include "schemas/receipt/certificate.hpp"

#include <filesystem>

namespace CLI {
class App;
}

namespace vanthu::cli {

// Every certificate of the folder's .pem and .crt files; files::errc where there is none or one cannot be read.
result<receipt::trust_anchors> read_trust(const std::filesystem::path& folder);

// Adds the subcommand. When it was called, parsing runs it, writes to std::cout (complaints to std::cerr) and sets
// `exit_code`.
void add_verify_receipt_command(CLI::App& app, int& exit_code);

} // namespace vanthu::cli
