#include "daemon/signing_rules/trust_folder.hpp"

#include "daemon/base/files.hpp"

#include <algorithm>

namespace vanthu::signing_rules {
namespace {

result<std::vector<bytes>> certificate_files(const std::filesystem::path& folder) {
    std::error_code error;
    std::vector<std::filesystem::path> found;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (auto kind = at->path().extension(); kind == ".pem" || kind == ".crt" || kind == ".cer" || kind == ".der")
            found.push_back(at->path());
    if (error)
        return failed(error == std::errc::no_such_file_or_directory ? files::errc::not_found : files::errc::unreadable,
                      folder.string() + ": " + error.message());
    std::sort(found.begin(), found.end());
    std::vector<bytes> contents;
    for (const auto& path : found) {
        VANTHU_TRY(bytes content, read_file(path, 1u << 20));
        contents.push_back(std::move(content));
    }
    return contents;
}

} // namespace

result<x509::trust_store> read_trust_folder(const std::filesystem::path& folder) {
    VANTHU_TRY(std::vector<bytes> trusted, certificate_files(folder));
    if (trusted.empty()) return failed(files::errc::not_found, folder.string() + "/*.crt");
    std::vector<bytes> between;
    std::error_code none;
    if (std::filesystem::path inner = folder / "intermediates"; std::filesystem::is_directory(inner, none)) {
        VANTHU_TRY(between, certificate_files(inner));
    }
    return x509::load_trust(trusted, between);
}

} // namespace vanthu::signing_rules
