#include "signing/xml/core.hpp"

#include "daemon/base/base64.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::xml {
namespace {

fail malformed(const element& at, std::string_view what) {
    return failed(errc::signature_malformed, fmt::format("{}: {}", at.local, what));
}

result<std::string> algorithm_attribute(const element& at) {
    const std::string* found = at.attribute_value("Algorithm");
    if (!found) return malformed(at, "no Algorithm");
    return *found;
}

std::string optional_attribute(const element& at, std::string_view name) {
    const std::string* found = at.attribute_value(name);
    return found ? *found : std::string();
}

// Only letters, digits and the signs of an NCName, so that no XPointer passes for an id.
bool plain_id(std::string_view id) {
    return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
        auto u = static_cast<unsigned char>(c);
        return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u == '_' || u == '-' ||
               u == '.' || u >= 0x80;
    });
}

// A name in a container or beside the signature: no scheme, no absolute path, no way upward, no fragment.
bool plain_name(std::string_view uri) {
    return !uri.starts_with('/') && uri.find(':') == uri.npos && uri.find("..") == uri.npos &&
           uri.find_first_of("#?\\") == uri.npos;
}

result<> check_uri(const std::string& uri) {
    bool good = uri.empty() || (uri.front() == '#' ? plain_id(std::string_view(uri).substr(1)) : plain_name(uri));
    if (!good) return failed(errc::reference_refused, uri.substr(0, 80));
    return {};
}

// Is `prefix` bound to the namespace of XMLDSig where `at` stands?
bool is_dsig_prefix(const element* at, std::string_view prefix) {
    for (; at; at = at->parent)
        for (const element::own_binding& b : at->declared)
            if (b.prefix == prefix) return b.uri == dsig_uri;
    return false;
}

bool leaves_out_signatures(const element& at, const std::string& algorithm) {
    bool filter = algorithm == xpath_filter_uri;
    std::vector<const element*> parts = at.children();
    if ((!filter && algorithm != xpath_uri) || parts.size() != 1 || at.has_stray_text()) return false;
    const element& xpath = *parts.front();
    if (!xpath.is(filter ? xpath_filter_uri : dsig_uri, "XPath")) return false;
    if (filter && optional_attribute(xpath, "Filter") != "subtract") return false;
    std::string text = xpath.value().value_or("");
    std::size_t begin = text.find_first_not_of(" \t\r\n"), end = text.find_last_not_of(" \t\r\n");
    if (begin == text.npos) return false;
    std::string_view expression = std::string_view(text).substr(begin, end - begin + 1);
    std::string_view before = filter ? "/descendant::" : "not(ancestor-or-self::",
                     after = filter ? ":Signature" : ":Signature)";
    if (!expression.starts_with(before) || !expression.ends_with(after)) return false;
    expression.remove_prefix(before.size());
    return expression.size() > after.size() &&
           is_dsig_prefix(&xpath, expression.substr(0, expression.size() - after.size()));
}

result<transform> read_transform(const element& at) {
    VANTHU_TRY(std::string algorithm, algorithm_attribute(at));
    if (algorithm == enveloped_algorithm || algorithm == base64_algorithm) {
        if (!at.children().empty() || at.has_stray_text()) return malformed(at, "parameters");
        return transform{algorithm == base64_algorithm ? transform::kind::base64 : transform::kind::enveloped};
    }
    if (leaves_out_signatures(at, algorithm)) return transform{transform::kind::without_signatures};
    VANTHU_TRY(canonicalisation how, canonicalisation_in(at));
    return transform{transform::kind::canonical, std::move(how)};
}

// First what leaves signatures out, then at most one thing that makes octets.
bool leaves_out(const transform& t) {
    return t.what == transform::kind::enveloped || t.what == transform::kind::without_signatures;
}

result<std::vector<transform>> read_transforms(const element* at, const limits& bounds) {
    std::vector<transform> all;
    if (!at) return all;
    if (at->children().size() > bounds.transforms)
        return failed(errc::over_budget, fmt::format("more than {} transforms", bounds.transforms));
    for (const element* child : at->children()) {
        if (!child->is(dsig_uri, "Transform")) return malformed(*at, child->local);
        VANTHU_TRY(transform one, read_transform(*child));
        if (!all.empty() && (leaves_out(one) || !leaves_out(all.back())))
            return failed(errc::algorithm_refused, "an order of transforms that is not supported");
        all.push_back(std::move(one));
    }
    if (all.empty() || at->has_stray_text()) return malformed(*at, "empty");
    return all;
}

result<reference> read_reference(const element& at, const limits& bounds) {
    reference one;
    one.where = &at;
    one.id = optional_attribute(at, "Id");
    one.type = optional_attribute(at, "Type");
    const std::string* uri = at.attribute_value("URI");
    if (!uri) return failed(errc::reference_refused, "a Reference without URI");
    one.uri = *uri;
    VANTHU_CHECK(check_uri(one.uri));
    std::vector<const element*> parts = at.children();
    bool transformed = !parts.empty() && parts.front()->is(dsig_uri, "Transforms");
    std::size_t rest = transformed ? 1 : 0;
    if (parts.size() != rest + 2 || !parts[rest]->is(dsig_uri, "DigestMethod") ||
        !parts[rest + 1]->is(dsig_uri, "DigestValue") || at.has_stray_text())
        return malformed(at, "children");
    VANTHU_TRY(one.transforms, read_transforms(transformed ? parts.front() : nullptr, bounds));
    VANTHU_TRY(std::string algorithm, algorithm_attribute(*parts[rest]));
    auto hash = digest_from(algorithm);
    if (!hash || !parts[rest]->children().empty()) return failed(errc::algorithm_refused, algorithm.substr(0, 80));
    one.hash = *hash;
    VANTHU_TRY(one.digest, base64_value(*parts[rest + 1]));
    if (one.digest.size() != x509::size(one.hash)) return malformed(*parts[rest + 1], "length");
    return one;
}

result<> read_signed_info(const element& at, core_signature& out, const limits& bounds) {
    std::vector<const element*> parts = at.children();
    if (parts.size() < 3 || !parts[0]->is(dsig_uri, "CanonicalizationMethod") ||
        !parts[1]->is(dsig_uri, "SignatureMethod") || at.has_stray_text())
        return malformed(at, "children");
    if (parts.size() - 2 > bounds.references)
        return failed(errc::over_budget, fmt::format("more than {} references", bounds.references));
    VANTHU_TRY(out.method, canonicalisation_in(*parts[0]));
    VANTHU_TRY(std::string algorithm, algorithm_attribute(*parts[1]));
    auto known = signature_algorithm_from(algorithm);
    if (!known || !parts[1]->children().empty()) return failed(errc::algorithm_refused, algorithm.substr(0, 80));
    out.algorithm = *known;
    for (std::size_t i = 2; i < parts.size(); ++i) {
        if (!parts[i]->is(dsig_uri, "Reference")) return malformed(at, parts[i]->local);
        VANTHU_TRY(reference one, read_reference(*parts[i], bounds));
        out.references.push_back(std::move(one));
    }
    return {};
}

result<> read_key_info(const element& at, core_signature& out, const limits& bounds, x509::cache* memory) {
    for (const element* part : at.children()) {
        if (part->is(dsig_uri, "KeyValue")) out.has_key_value = true;
        if (!part->is(dsig_uri, "X509Data")) continue;
        for (const element* held : part->children(dsig_uri, "X509Certificate")) {
            if (out.certificates.size() >= bounds.certificates)
                return failed(errc::over_budget, fmt::format("more than {} certificates", bounds.certificates));
            VANTHU_TRY(bytes der, base64_value(*held));
            if (auto parsed = x509::certificate_of(der, memory)) out.certificates.push_back(std::move(*parsed));
        }
    }
    return {};
}

} // namespace

result<bytes> base64_value(const element& at) {
    std::optional<std::string> text = at.value();
    if (!text) return malformed(at, "markup inside the value");
    std::optional<bytes> decoded = base64_decode(*text);
    if (!decoded || decoded->empty()) return malformed(at, "not base64");
    return std::move(*decoded);
}

result<canonicalisation> canonicalisation_in(const element& at) {
    VANTHU_TRY(std::string algorithm, algorithm_attribute(at));
    std::optional<canonicalisation> how = canonicalisation_from(algorithm);
    if (!how) return failed(errc::algorithm_refused, algorithm.substr(0, 80));
    std::vector<const element*> parts = at.children();
    if (parts.empty() && !at.has_stray_text()) return std::move(*how);
    if (parts.size() != 1 || how->method != canonical_method::exclusive_1_0 ||
        !parts[0]->is(exclusive_uri, "InclusiveNamespaces") || at.has_stray_text())
        return malformed(at, "parameters");
    std::string list = optional_attribute(*parts[0], "PrefixList");
    for (std::size_t i = 0; i < list.size();) {
        std::size_t begin = list.find_first_not_of(" \t\r\n", i);
        if (begin == list.npos) break;
        std::size_t end = std::min(list.find_first_of(" \t\r\n", begin), list.size());
        std::string prefix = list.substr(begin, end - begin);
        how->inclusive_prefixes.push_back(prefix == "#default" ? std::string() : std::move(prefix));
        i = end;
    }
    return std::move(*how);
}

result<core_signature> read_core(const element& signature, const limits& bounds, x509::cache* memory) {
    core_signature out;
    out.id = optional_attribute(signature, "Id");
    std::vector<const element*> parts = signature.children();
    if (parts.size() < 2 || !parts[0]->is(dsig_uri, "SignedInfo") || !parts[1]->is(dsig_uri, "SignatureValue") ||
        signature.has_stray_text())
        return malformed(signature, "children");
    out.signed_info = parts[0];
    out.signature_value = parts[1];
    std::size_t i = 2;
    if (i < parts.size() && parts[i]->is(dsig_uri, "KeyInfo")) out.key_info = parts[i++];
    for (; i < parts.size(); ++i) {
        if (!parts[i]->is(dsig_uri, "Object")) return malformed(signature, parts[i]->local);
        out.objects.push_back(parts[i]);
    }
    VANTHU_CHECK(read_signed_info(*out.signed_info, out, bounds));
    VANTHU_TRY(out.value, base64_value(*out.signature_value));
    if (out.key_info) VANTHU_CHECK(read_key_info(*out.key_info, out, bounds, memory));
    return out;
}

} // namespace vanthu::xml
