#include "daemon/cli/inspect_files.hpp"

#include "daemon/base/files.hpp"

#include <algorithm>

namespace vanthu::cli {

result<x509::trust_store> read_trust_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::vector<std::filesystem::path> found;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (auto kind = at->path().extension(); kind == ".pem" || kind == ".crt" || kind == ".cer" || kind == ".der")
            found.push_back(at->path());
    if (error) return failed(files::errc::unreadable, folder.string());
    if (found.empty()) return failed(files::errc::not_found, folder.string() + "/*.crt");
    std::sort(found.begin(), found.end());
    std::vector<bytes> contents;
    for (const auto& path : found) {
        VANTHU_TRY(bytes content, read_file(path, 1u << 20));
        contents.push_back(std::move(content));
    }
    return x509::load_trust(contents);
}

result<x509::evidence> read_crls(const std::vector<std::string>& files) {
    x509::evidence known;
    for (const std::string& file : files) {
        VANTHU_TRY(bytes content, read_file(file));
        VANTHU_TRY(x509::crl list, x509::parse_crl(content));
        known.crls.push_back(std::move(list));
    }
    return known;
}

result<std::unique_ptr<inspect::inspector_pool>> start_inspector(x509::trust_store trust, x509::evidence known) {
    inspect::options o;
    o.executable = inspect::find_inspect_executable();
    o.workers = 1;
    o.trust = std::move(trust);
    o.known = std::move(known);
    return inspect::inspector_pool::start(std::move(o));
}

} // namespace vanthu::cli
