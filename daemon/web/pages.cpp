#include "daemon/web/pages.hpp"

#include "daemon/base/bytes.hpp"
#include "daemon/base/files.hpp"

namespace vanthu::web {

namespace fs = std::filesystem;

namespace {
std::string_view type_of(const fs::path& file) {
    const std::string end = file.extension().string();
    if (end == ".html") return "text/html; charset=utf-8";
    if (end == ".css") return "text/css; charset=utf-8";
    if (end == ".js") return "text/javascript; charset=utf-8";
    if (end == ".svg") return "image/svg+xml";
    return {};
}
} // namespace

result<pages> pages::load(const fs::path& directory) {
    pages out;
    std::error_code ec;
    for (fs::directory_iterator at(directory, ec), end; !ec && at != end; at.increment(ec)) {
        const std::string_view type = type_of(at->path());
        if (type.empty() || !at->is_regular_file(ec)) continue;
        auto content = read_text_file(at->path(), 4u << 20);
        if (!content) return failed(errc::pages_unreadable, content.error().detail);
        const std::string etag = '"' + sha256::of(*content).hex().substr(0, 32) + '"';
        out.files_[at->path().filename().string()] = {std::move(*content), std::string(type), etag};
    }
    if (ec) return failed(errc::pages_unreadable, directory.string() + ": " + ec.message());
    if (!out.find("index.html")) return failed(errc::pages_unreadable, directory.string() + ": no index.html");
    return out;
}

const page_file* pages::find(std::string_view name) const {
    auto found = files_.find(name);
    return found == files_.end() ? nullptr : &found->second;
}

fs::path pages_directory() {
    std::error_code ec;
    fs::path at = fs::read_symlink("/proc/self/exe", ec);
    for (int level = 0; !ec && level < 4 && at.has_relative_path(); ++level) {
        at = at.parent_path();
        fs::path candidate = at / "share" / "vanthu" / "web";
        if (fs::is_regular_file(candidate / "index.html", ec)) return candidate;
        ec.clear();
    }
    return {};
}

} // namespace vanthu::web
