#include "daemon/signing_rules/trust_folder.hpp"

#include "daemon/base/files.hpp"
#include "signing/trust_list/trust_list.hpp"

#include <algorithm>

namespace vanthu::signing_rules {
namespace {

using names = std::vector<std::filesystem::path>;

// Those with one of the endings, in the order of their names. files::errc::not_found: no such folder.
result<names> files_in(const std::filesystem::path& folder, std::initializer_list<std::string_view> endings) {
    std::error_code error;
    names found;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (std::ranges::count(endings, at->path().extension().string())) found.push_back(at->path());
    if (error)
        return failed(error == std::errc::no_such_file_or_directory ? files::errc::not_found : files::errc::unreadable,
                      folder.string() + ": " + error.message());
    std::sort(found.begin(), found.end());
    return found;
}

result<std::vector<bytes>> certificate_files(const std::filesystem::path& folder) {
    VANTHU_TRY(names found, files_in(folder, {".pem", ".crt", ".cer", ".der"}));
    std::vector<bytes> contents;
    for (const auto& path : found) {
        VANTHU_TRY(bytes content, read_file(path, 1u << 20));
        contents.push_back(std::move(content));
    }
    return contents;
}

bool is_folder(const std::filesystem::path& path) {
    std::error_code none;
    return std::filesystem::is_directory(path, none);
}

result<> add_lists(const names& lists, const std::filesystem::path& signers, timestamp now, x509::trust_store& store) {
    std::vector<x509::certificate> operators;
    if (is_folder(signers)) {
        VANTHU_TRY(std::vector<bytes> files, certificate_files(signers));
        for (const bytes& file : files) {
            VANTHU_TRY(std::vector<x509::certificate> found, x509::parse_certificates(file));
            operators.insert(operators.end(), found.begin(), found.end());
        }
    }
    for (const auto& path : lists) {
        VANTHU_TRY(bytes content, read_file(path, 64u << 20));
        auto anchors = trust_list::read(content, operators, now);
        if (!anchors) return failed(anchors.error().code, path.string() + ": " + anchors.error().detail);
        for (trust_list::listed_anchor& a : *anchors)
            VANTHU_CHECK(x509::add_listed(store, std::move(a.authority), std::move(a.terms)));
    }
    return {};
}

} // namespace

result<x509::trust_store> read_trust_folder(const std::filesystem::path& folder, timestamp now) {
    VANTHU_TRY(std::vector<bytes> trusted, certificate_files(folder));
    names lists;
    if (is_folder(folder / "lists")) {
        VANTHU_TRY(lists, files_in(folder / "lists", {".xml"}));
    }
    if (trusted.empty() && lists.empty()) return failed(files::errc::not_found, folder.string() + "/*.crt");
    std::vector<bytes> between;
    if (is_folder(folder / "intermediates")) {
        VANTHU_TRY(between, certificate_files(folder / "intermediates"));
    }
    VANTHU_TRY(x509::trust_store store, x509::load_trust(trusted, between));
    VANTHU_CHECK(add_lists(lists, folder / "lists" / "signers", now, store));
    return store;
}

} // namespace vanthu::signing_rules
