#include "signing/asic/container.hpp"

#include "daemon/base/xml_text.hpp"

#include <algorithm>

namespace vanthu::asic {
namespace {

constexpr std::string_view meta = "META-INF/", newest_archive = "META-INF/ASiCArchiveManifest.xml";

std::string numbered(std::string_view stem, unsigned number, std::string_view extension) {
    std::string digits = std::to_string(number);
    while (digits.size() < 3) digits.insert(0, "0");
    return std::string(meta) + std::string(stem) + digits + std::string(extension);
}

bool meta_file(std::string_view name, std::string_view part, std::string_view extension) {
    if (!name.starts_with(meta)) return false;
    name.remove_prefix(meta.size());
    return name.find('/') == name.npos && name.find(part) != name.npos && name.ends_with(extension);
}

result<> check_names(const std::vector<data_file>& files) {
    for (const data_file& f : files)
        if (!is_data_file(f.name)) return failed(errc::name_unsafe, f.name);
    return {};
}

result<bytes> container_of(kind k, const std::vector<data_file>& files, std::vector<zip_file> more) {
    VANTHU_CHECK(check_names(files));
    if (files.empty() || (k == kind::simple && files.size() != 1)) return failed(errc::not_one_file);
    std::vector<zip_file> all{{"mimetype", as_bytes(mime_type(k))}};
    for (const data_file& f : files) all.push_back({f.name, f.content});
    all.insert(all.end(), more.begin(), more.end());
    return write_zip(all);
}

// OpenDocument's list of files, which readers of ASiC-E with XAdES ask for (4.4.3.2); nobody signs it.
bytes open_document_manifest(const std::vector<data_file>& files) {
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<manifest:manifest xmlns:manifest=\"" +
                      std::string(open_document_uri) + "\" manifest:version=\"1.2\">";
    auto entry = [&](std::string_view path, std::string_view type) {
        out += "<manifest:file-entry manifest:full-path=\"" + xml_attribute(path) + "\" manifest:media-type=\"" +
               xml_attribute(type) + "\"/>";
    };
    entry("/", mime_type(kind::extended));
    for (const data_file& f : files) entry(f.name, f.mime_type.empty() ? "application/octet-stream" : f.mime_type);
    return to_bytes(out + "</manifest:manifest>\n");
}

// A container unpacked, to be packed again with changes.
struct unpacked {
    std::vector<std::pair<std::string, bytes>> files;

    static result<unpacked> of(bytes_view container, const limits& bounds) {
        VANTHU_TRY(zip_archive zip, zip_archive::open(container, bounds));
        unpacked out;
        for (const zip_entry& e : zip.entries()) {
            if (e.directory) continue;
            VANTHU_TRY(bytes content, zip.content(e, static_cast<std::size_t>(bounds.unpacked)));
            out.files.emplace_back(e.name, std::move(content));
        }
        return out;
    }
    bytes* find(std::string_view name) {
        auto at = std::ranges::find(files, name, &std::pair<std::string, bytes>::first);
        return at == files.end() ? nullptr : &at->second;
    }
    // By its mimetype or, where that was left out, by its layout, as for verification (layout.cpp).
    result<asic::kind> kind() {
        if (const bytes* type = find("mimetype")) {
            for (asic::kind k : {asic::kind::simple, asic::kind::extended})
                if (as_text(*type) == mime_type(k)) return k;
            return failed(errc::not_a_zip, "mimetype");
        }
        const auto documents = std::ranges::count_if(files, [](const auto& f) { return is_data_file(f.first); });
        if (documents == 1 && (find("META-INF/signature.p7s") || find("META-INF/timestamp.tst")))
            return asic::kind::simple;
        const bool some = std::ranges::any_of(files, [](const auto& f) { return in_meta_inf(f.first); });
        if (documents == 0 || !some) return failed(errc::not_a_zip, "no mimetype");
        return asic::kind::extended;
    }
    void add(std::string name, bytes_view content) {
        files.emplace_back(std::move(name), bytes(content.begin(), content.end()));
    }
    std::string unused(std::string_view stem, std::string_view extension) {
        unsigned n = 1;
        while (find(numbered(stem, n, extension))) ++n;
        return numbered(stem, n, extension);
    }
    // The manifest that names this file as its signature.
    const bytes* manifest_of(std::string_view signature, const limits& bounds) {
        for (auto& [name, content] : files)
            if (is_manifest_file(name))
                if (auto m = read_manifest(content, bounds); m && m->signature == signature) return &content;
        return nullptr;
    }
    result<bytes> pack() {
        std::vector<zip_file> all;
        for (bool first : {true, false})
            for (const auto& [name, content] : files)
                if ((name == "mimetype") == first) all.push_back({name, content});
        return write_zip(all);
    }
};

data_reference reference_to(const std::string& name, const std::string& mime, bytes_view content) {
    return {name, mime, x509::hash::sha256, x509::hash_of(x509::hash::sha256, content)};
}

} // namespace

std::string_view mime_type(kind k) {
    return k == kind::simple ? "application/vnd.etsi.asic-s+zip" : "application/vnd.etsi.asic-e+zip";
}

bool in_meta_inf(std::string_view name) {
    // Case does not make it another folder to everybody.
    return name.size() >= meta.size() && std::ranges::equal(name.substr(0, meta.size()), meta, [](char a, char b) {
               return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 32) : a) == b;
           });
}
bool is_data_file(std::string_view name) { return name != "mimetype" && !in_meta_inf(name) && !name.ends_with('/'); }
bool is_cades_file(std::string_view name) { return meta_file(name, "signature", ".p7s"); }
bool is_xades_file(std::string_view name) { return meta_file(name, "signatures", ".xml"); }
bool is_time_stamp_file(std::string_view name) { return meta_file(name, "timestamp", ".tst"); }
bool is_manifest_file(std::string_view name) { return meta_file(name, "ASiCManifest", ".xml"); }
bool is_archive_manifest_file(std::string_view name) { return meta_file(name, "ASiCArchiveManifest", ".xml"); }

result<bytes> make_simple(const data_file& file, bytes_view cms) {
    return container_of(kind::simple, {file}, {{"META-INF/signature.p7s", cms}});
}

planned_manifest plan_extended(const std::vector<data_file>& files, unsigned number) {
    planned_manifest out{numbered("ASiCManifest", number, ".xml"), numbered("signature", number, ".p7s"), {}};
    manifest m{out.signature_name, {}};
    for (const data_file& f : files) m.files.push_back(reference_to(f.name, f.mime_type, f.content));
    out.xml = write_manifest(m, cades_mime_type);
    return out;
}

result<bytes> make_extended(const std::vector<data_file>& files, const planned_manifest& plan, bytes_view cms) {
    return container_of(kind::extended, files, {{plan.name, plan.xml}, {plan.signature_name, cms}});
}

result<planned_manifest> plan_another(bytes_view container, const limits& bounds) {
    VANTHU_TRY(unpacked all, unpacked::of(container, bounds));
    if (all.kind() != kind::extended) return failed(errc::not_one_file, "ASiC-E only");
    unsigned number = 1;
    while (all.find(numbered("ASiCManifest", number, ".xml")) || all.find(numbered("signature", number, ".p7s")))
        ++number;
    std::vector<data_file> files;
    for (const auto& [name, content] : all.files)
        if (is_data_file(name)) files.push_back({name, "", content});
    return plan_extended(files, number);
}

result<bytes> with_another(bytes_view container, const planned_manifest& plan, bytes_view cms, const limits& bounds) {
    VANTHU_TRY(unpacked all, unpacked::of(container, bounds));
    all.add(plan.name, plan.xml);
    all.add(plan.signature_name, cms);
    return all.pack();
}

result<bytes> make_with_xades(kind k, const std::vector<data_file>& files, bytes_view signatures) {
    if (k == kind::simple) return container_of(k, files, {{"META-INF/signatures.xml", signatures}});
    bytes list = open_document_manifest(files);
    return container_of(k, files, {{"META-INF/manifest.xml", list}, {"META-INF/signatures001.xml", signatures}});
}

result<bytes> with_another_xades(bytes_view container, bytes_view signatures, const limits& bounds) {
    VANTHU_TRY(unpacked all, unpacked::of(container, bounds));
    if (all.kind() != kind::extended) return failed(errc::not_one_file, "ASiC-E only");
    if (!all.find("META-INF/manifest.xml")) {
        std::vector<data_file> files;
        for (const auto& [name, content] : all.files)
            if (is_data_file(name)) files.push_back({name, "", content});
        all.add("META-INF/manifest.xml", open_document_manifest(files));
    }
    all.add(all.unused("signatures", ".xml"), signatures);
    return all.pack();
}

result<kind> kind_of_container(bytes_view container, const limits& bounds) {
    VANTHU_TRY(unpacked all, unpacked::of(container, bounds));
    return all.kind();
}

namespace {
result<std::vector<contained_file>> files_of(bytes_view container, const limits& bounds,
                                             bool (*wanted)(std::string_view)) {
    VANTHU_TRY(unpacked all, unpacked::of(container, bounds));
    std::vector<contained_file> out;
    for (auto& [name, content] : all.files)
        if (wanted(name)) out.push_back({name, std::move(content)});
    return out;
}
} // namespace

result<std::vector<contained_file>> data_files(bytes_view container, const limits& bounds) {
    return files_of(container, bounds, is_data_file);
}
result<std::vector<contained_file>> xades_files(bytes_view container, const limits& bounds) {
    return files_of(container, bounds, is_xades_file);
}

result<std::vector<signature_file>> signatures(bytes_view container, const limits& bounds) {
    VANTHU_TRY(unpacked all, unpacked::of(container, bounds));
    std::vector<signature_file> out;
    auto data_files = std::ranges::count_if(all.files, [](const auto& f) { return is_data_file(f.first); });
    for (const auto& [name, content] : all.files) {
        if (!is_cades_file(name)) continue;
        const bytes* about = all.manifest_of(name, bounds);
        const bool over_manifest = about;
        if (!about && name == "META-INF/signature.p7s" && data_files == 1)
            about = &std::ranges::find_if(all.files, [](const auto& f) { return is_data_file(f.first); })->second;
        if (!about) return failed(errc::manifest_unreadable, name);
        out.push_back({name, content, sha256::of(*about), over_manifest});
    }
    return out;
}

result<bytes> with_signature(bytes_view container, std::string_view name, bytes_view signature, const limits& bounds) {
    VANTHU_TRY(unpacked all, unpacked::of(container, bounds));
    bytes* place = all.find(name);
    if (!place || !(is_cades_file(name) || is_xades_file(name))) return failed(errc::no_such_entry, std::string(name));
    for (const auto& [other, content] : all.files) {
        if (!is_archive_manifest_file(other)) continue;
        VANTHU_TRY(manifest m, read_manifest(content, bounds));
        if (std::ranges::find(m.files, name, &data_reference::name) != m.files.end())
            return failed(errc::signature_fixed, other);
    }
    place->assign(signature.begin(), signature.end());
    return all.pack();
}

namespace {
// The newest archive manifest makes room for the next.
void number_newest(unpacked& all) {
    std::string free = all.unused("ASiCArchiveManifest", ".xml");
    for (auto& f : all.files)
        if (f.first == newest_archive) f.first = free;
}
} // namespace

result<planned_archive> plan_archive(bytes_view container, const limits& bounds) {
    VANTHU_TRY(unpacked all, unpacked::of(container, bounds));
    number_newest(all);
    planned_archive out{all.unused("timestamp", ".tst"), {}};
    manifest m{out.stamp_name, {}};
    for (const auto& [name, content] : all.files)
        if (name != "mimetype") m.files.push_back(reference_to(name, "", content));
    out.xml = write_manifest(m, time_stamp_mime_type);
    return out;
}

result<bytes> with_archive(bytes_view container, const planned_archive& plan, const cms::timestamp_token& token,
                           const limits& bounds) {
    if (token.imprint != x509::hash_of(token.imprint_hash, plan.xml))
        return failed(cms::errc::timestamp_mismatch, "imprint");
    VANTHU_TRY(unpacked all, unpacked::of(container, bounds));
    number_newest(all);
    all.add(std::string(newest_archive), plan.xml);
    all.add(plan.stamp_name, token.der);
    return all.pack();
}

} // namespace vanthu::asic
