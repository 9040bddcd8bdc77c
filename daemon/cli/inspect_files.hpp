// What `vanthu verify` and `vanthu sign` share: a folder of certificates as trust, and files judged by workers.
#pragma once

#include "daemon/inspect/pool.hpp"

#include <filesystem>
#include <vector>

namespace vanthu::cli {

// Every .crt, .cer, .pem and .der file of the folder; files::errc::not_found when there is none.
result<x509::trust_store> read_trust_folder(const std::filesystem::path& folder);
result<x509::evidence> read_crls(const std::vector<std::string>& files);

// One worker with this trust; the program vanthu-inspect must stand beside this one.
result<std::unique_ptr<inspect::inspector_pool>> start_inspector(x509::trust_store trust, x509::evidence known);

} // namespace vanthu::cli
