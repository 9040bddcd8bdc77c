#include "signing/asic/layout.hpp"

#include "signing/xml/sign.hpp"
#include "signing/xml/verify.hpp"

#include <algorithm>
#include <set>

namespace vanthu::asic {
namespace {

class signature_list final : public xml::event_handler {
public:
    bool plain = true;
    void start(const xml::start_tag& tag, const xml::scope&) override {
        const bool signature = tag.uri == xml::dsig_uri && tag.local == "Signature";
        if (depth_ == 0)
            plain = plain && tag.attributes.empty() &&
                    ((tag.uri == namespace_uri && tag.local == "XAdESSignatures") ||
                     (tag.uri == open_document_signatures_uri && tag.local == "document-signatures"));
        else if (depth_ == 1)
            plain = plain && signature;
        ++depth_;
    }
    void end() override { --depth_; }
    void text(std::string_view piece) override {
        plain = plain && (depth_ > 1 || piece.find_first_not_of(" \t\r\n") == piece.npos);
    }
    void comment(std::string_view) override { plain = false; }
    void instruction(std::string_view, std::string_view) override { plain = false; }

private:
    std::size_t depth_ = 0;
};

// OpenDocument's own list of files, which nobody need sign (4.4.3.2), where it is nothing else. Damaged: not.
bool harmless(const zip_archive& zip, const zip_entry& file, const limits& bounds) {
    if (file.name != "META-INF/manifest.xml") return false;
    auto content = zip.content(file, bounds.signature_file);
    std::set<std::string> names;
    for (const zip_entry& e : zip.entries()) names.insert(e.name);
    return content && is_plain_file_list(*content, names, bounds);
}

// A reader of PDF takes a file for its own where the mark stands in the first kilobyte: only a document of the
// container may bring it there.
bool starts_a_pdf(bytes_view container, const zip_entry& e) {
    constexpr std::size_t looked_at = 1024;
    if (e.header >= looked_at || is_data_file(e.name)) return false;
    std::string_view head = as_text(container.first(std::min(container.size(), looked_at)));
    return head.substr(e.header, e.end - e.header).find("%PDF-") != head.npos;
}

result<std::string> mimetype_of(const zip_archive& zip) {
    const zip_entry* e = zip.find("mimetype");
    if (!e) return std::string();
    // So that it stands at the same place in every container (annex A.1).
    if (e != &zip.entries().front() || e->deflated || !e->plain_header)
        return failed(errc::irregular_archive, "mimetype");
    VANTHU_TRY(bytes content, zip.content(*e, 256));
    return std::string(as_text(content));
}

result<kind> kind_of(const container_files& files, const std::string& type, bool some_in_meta_inf) {
    if (type == mime_type(kind::simple)) return kind::simple;
    if (type == mime_type(kind::extended)) return kind::extended;
    if (!type.empty()) return failed(errc::not_a_zip, "another mimetype");
    // It may be left out (4.3.3.1): then the layout speaks.
    if (!some_in_meta_inf || files.data.empty()) return failed(errc::not_a_zip, "no mimetype");
    bool simple = files.data.size() == 1 &&
                  (files.zip.find("META-INF/signature.p7s") || files.zip.find("META-INF/timestamp.tst"));
    return simple ? kind::simple : kind::extended;
}

} // namespace

result<container_files> open_container(bytes_view container, const limits& bounds) {
    container_files files;
    VANTHU_TRY(files.zip, zip_archive::open(container, bounds));
    const zip_archive& zip = files.zip;
    VANTHU_TRY(const std::string type, mimetype_of(zip));
    bool some_in_meta_inf = false;
    for (const zip_entry& e : zip.entries()) {
        const std::string& n = e.name;
        if (e.directory) {
            bool used = std::ranges::any_of(
                zip.entries(), [&](const zip_entry& other) { return !other.directory && other.name.starts_with(n); });
            if (!used && n != "META-INF/") files.strange.push_back(n); // a name that nobody signed
            continue;
        }
        some_in_meta_inf = some_in_meta_inf || in_meta_inf(n);
        if (starts_a_pdf(container, e)) return failed(errc::irregular_archive, "a PDF between the files");
        if (is_data_file(n))
            files.data.push_back(n);
        else if (is_cades_file(n))
            files.cades.push_back(n);
        else if (is_xades_file(n))
            files.xades.push_back(n);
        else if (is_time_stamp_file(n))
            files.time_stamps.push_back(n);
        else if (in_meta_inf(n) && !is_manifest_file(n) && !is_archive_manifest_file(n) && !harmless(zip, e, bounds))
            files.strange.push_back(n);
    }
    if (files.cades.size() + files.xades.size() + files.time_stamps.size() > bounds.signatures)
        return failed(errc::over_budget, "signatures");
    VANTHU_TRY(files.kind, kind_of(files, type, some_in_meta_inf));
    constexpr std::string_view label = "mimetype=";
    if (zip.comment().starts_with(label) && zip.comment().substr(label.size()) != mime_type(files.kind))
        return failed(errc::irregular_archive, "another mimetype in the comment");
    return files;
}

bool holds_only_signatures(bytes_view file) {
    signature_list list;
    return !xml::read(xml::in_memory(file), {}, list) || list.plain;
}

} // namespace vanthu::asic
