#include "signing/asic/manifest.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/xml_text.hpp"
#include "signing/xml/algorithms.hpp"
#include "signing/xml/sign.hpp"
#include "signing/xml/tree.hpp"

#include <algorithm>

namespace vanthu::asic {
namespace {

std::unexpected<failure> unreadable(std::string_view what) {
    return failed(errc::manifest_unreadable, std::string(what));
}

bool has_critical_extension(const xml::element& of, std::string_view list) {
    for (const xml::element* extensions : of.children(namespace_uri, list))
        for (const xml::element* one : extensions->children()) {
            const std::string* critical = one->attribute_value("Critical");
            if (critical && *critical != "false" && *critical != "0") return true;
        }
    return false;
}

result<data_reference> read_reference(const xml::element& e) {
    const std::string* uri = e.attribute_value("URI");
    auto name = uri ? xml::from_reference_uri(*uri) : std::nullopt;
    const xml::element *method = e.child(xml::dsig_uri, "DigestMethod"), *value = e.child(xml::dsig_uri, "DigestValue");
    const std::string* algorithm = method ? method->attribute_value("Algorithm") : nullptr;
    auto text = value ? value->value() : std::nullopt;
    if (!name || !algorithm || !text || has_critical_extension(e, "DataObjectReferenceExtensions"))
        return unreadable("DataObjectReference");
    data_reference out;
    out.name = *name;
    if (const std::string* mime = e.attribute_value("MimeType")) out.mime_type = *mime;
    out.algorithm = xml::digest_from(*algorithm);
    if (out.algorithm == x509::hash::sha1) out.algorithm.reset();
    base64_decoder decoder;
    if (!decoder.feed(*text, out.digest) || !decoder.finish()) return unreadable("DigestValue");
    return out;
}

} // namespace

result<manifest> read_manifest(bytes_view document, const limits& bounds) {
    xml::limits xml_bounds;
    xml_bounds.bytes = bounds.signature_file;
    xml_bounds.depth = 16;
    xml_bounds.elements = bounds.references * 8;
    auto tree = xml::read_tree(as_text(document), xml_bounds);
    if (!tree) {
        if (tree.error().code == xml::errc::over_budget) return failed(errc::over_budget, "manifest");
        return unreadable(tree.error().detail);
    }
    const xml::element& root = **tree;
    auto signatures = root.children(namespace_uri, "SigReference");
    const std::string* uri = signatures.size() == 1 ? signatures[0]->attribute_value("URI") : nullptr;
    auto name = uri ? xml::from_reference_uri(*uri) : std::nullopt;
    if (!root.is(namespace_uri, "ASiCManifest") || !name) return unreadable("ASiCManifest");
    if (has_critical_extension(root, "ASiCManifestExtensions")) return unreadable("a critical extension");
    manifest out{*name, {}};
    std::set<std::string> names;
    for (const xml::element* e : root.children(namespace_uri, "DataObjectReference")) {
        if (out.files.size() == bounds.references) return failed(errc::over_budget, "references");
        VANTHU_TRY(data_reference one, read_reference(*e));
        if (!names.insert(one.name).second) return unreadable("a file named twice");
        out.files.push_back(std::move(one));
    }
    if (out.files.empty()) return unreadable("no DataObjectReference");
    return out;
}

namespace {
// "type/subtype", perhaps with parameters: nothing that could be read as text (RFC 6838, 4.2).
bool media_type(std::string_view text) {
    constexpr std::string_view marks = "/.+-_!#$&^;= \"";
    return text.size() <= 127 && std::ranges::all_of(text, [&](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      marks.find(c) != marks.npos;
           });
}
bool nothing_but_elements(const xml::element& e) {
    using kind = xml::element::node::kind;
    return !e.has_stray_text() && std::ranges::all_of(e.nodes, [](const xml::element::node& n) {
        return n.what == kind::element || n.what == kind::text;
    }) && std::ranges::all_of(e.declared, [](const auto& d) { return d.uri == open_document_uri; });
}
} // namespace

bool is_plain_file_list(bytes_view document, const std::set<std::string>& names, const limits& bounds) {
    xml::limits xml_bounds;
    xml_bounds.bytes = bounds.signature_file;
    xml_bounds.depth = 4;
    xml_bounds.elements = bounds.entries + 2;
    auto tree = xml::read_tree(as_text(document), xml_bounds);
    if (!tree) return false;
    const xml::element& root = **tree;
    if (!root.is(open_document_uri, "manifest") || !nothing_but_elements(root)) return false;
    auto version = [](const auto& a) { return a.local == "version" && media_type(a.value) && a.value.size() <= 8; };
    if (!std::ranges::all_of(root.attributes, version)) return false;
    std::set<std::string> listed;
    for (const xml::element* entry : root.children()) {
        if (!entry->is(open_document_uri, "file-entry") || !entry->nodes.empty() || !nothing_but_elements(*entry))
            return false;
        const std::string* path = nullptr;
        for (const auto& a : entry->attributes) {
            if (a.local == "full-path" && a.uri == open_document_uri)
                path = &a.value;
            else if (!(a.local == "media-type" && media_type(a.value)) && !version(a))
                return false;
        }
        if (!path || (*path != "/" && !names.contains(*path)) || !listed.insert(*path).second) return false;
    }
    return true;
}

bytes write_manifest(const manifest& what, std::string_view mime_type) {
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<asic:ASiCManifest xmlns:asic=\"" +
                      std::string(namespace_uri) + "\" xmlns:ds=\"" + std::string(xml::dsig_uri) +
                      "\"><asic:SigReference MimeType=\"" + xml_attribute(mime_type) + "\" URI=\"" +
                      xml_attribute(xml::to_reference_uri(what.signature)) + "\"/>";
    for (const data_reference& f : what.files) {
        std::string mime = f.mime_type.empty() ? "" : " MimeType=\"" + xml_attribute(f.mime_type) + "\"";
        out += "<asic:DataObjectReference" + mime + " URI=\"" + xml_attribute(xml::to_reference_uri(f.name)) +
               "\"><ds:DigestMethod Algorithm=\"" + std::string(xml::algorithm_of(f.algorithm.value())) +
               "\"/><ds:DigestValue>" + base64_encode(f.digest) + "</ds:DigestValue></asic:DataObjectReference>";
    }
    return to_bytes(out + "</asic:ASiCManifest>\n");
}

} // namespace vanthu::asic
