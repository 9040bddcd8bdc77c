// The files of the operator page, read once into memory: what is not in the map does not exist, so that no path from
// outside ever reaches the file system.
#pragma once

#include "daemon/web/errors.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace vanthu::web {

struct page_file {
    std::string content, type, etag;
};

class pages {
public:
    pages() = default;
    // Every regular file directly in `directory` of a known type (html, css, js, svg). errc::pages_unreadable when it
    // cannot be read or has no index.html.
    static result<pages> load(const std::filesystem::path& directory);
    const page_file* find(std::string_view name) const;

private:
    std::map<std::string, page_file, std::less<>> files_;
};

// share/vanthu/web beside or above the running executable: bin/../share of an installation, the build directory of a
// developer. Empty: not found.
std::filesystem::path pages_directory();

} // namespace vanthu::web
