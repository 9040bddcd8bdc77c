#include "signing/xml/canonical.hpp"

#include <algorithm>
#include <libxml/uri.h>
#include <memory>
#include <ranges>

namespace vanthu::xml {
namespace {

constexpr std::size_t held_at_most = 8u << 10;

// Position of the first character that is escaped; text.size() if none. Blocks without early exit become vector code.
std::size_t find_escaped(std::string_view text, bool in_attribute) {
    auto special = [in_attribute](char c) {
        return in_attribute ? (c == '&') | (c == '<') | (c == '"') | (c == '\t') | (c == '\n') | (c == '\r')
                            : (c == '&') | (c == '<') | (c == '>') | (c == '\r');
    };
    std::size_t i = 0;
    constexpr std::size_t block = 64;
    for (; i + block <= text.size(); i += block) {
        unsigned found = 0;
        for (std::size_t k = 0; k < block; ++k) found |= static_cast<unsigned>(special(text[i + k]));
        if (found) break;
    }
    while (i < text.size() && !special(text[i])) ++i;
    return i;
}

std::string_view escape(char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\t':
        return "&#x9;";
    case '\n':
        return "&#xA;";
    default:
        return "&#xD;";
    }
}

// Canonical XML 1.1, 2.4: the values of xml:base that are left out, joined with the element's own, outermost last.
std::string joined_base(const std::vector<std::string_view>& innermost_first) {
    std::string so_far(innermost_first.front());
    for (std::string_view outer : innermost_first | std::views::drop(1)) {
        std::string base(outer);
        if (base.size() > 1 && base[base.size() - 1] == '.' && base[base.size() - 2] == '.') base += '/';
        std::unique_ptr<xmlChar, void (*)(void*)> both(xmlBuildURI(reinterpret_cast<const xmlChar*>(so_far.c_str()),
                                                                   reinterpret_cast<const xmlChar*>(base.c_str())),
                                                       xmlFree);
        if (both) so_far = reinterpret_cast<const char*>(both.get());
    }
    return so_far;
}

} // namespace

void canonicaliser::put(std::string_view octets) {
    if (held_.size() + octets.size() > held_at_most) {
        if (!held_.empty()) out_.write(held_);
        held_.clear();
        if (octets.size() > held_at_most / 2) return out_.write(octets);
    }
    held_.append(octets);
}

void canonicaliser::finish() {
    if (!held_.empty()) out_.write(held_);
    held_.clear();
}

void canonicaliser::put_name(std::string_view prefix, std::string_view local) {
    if (!prefix.empty()) {
        put(prefix);
        put(":");
    }
    put(local);
}

void canonicaliser::put_escaped(std::string_view value, bool in_attribute) {
    while (!value.empty()) {
        std::size_t plain = find_escaped(value, in_attribute);
        put(value.substr(0, plain));
        if (plain == value.size()) return;
        put(escape(value[plain]));
        value.remove_prefix(plain + 1);
    }
}

std::string_view canonicaliser::rendered(std::string_view prefix) const {
    for (const binding& b : rendered_ | std::views::reverse)
        if (b.prefix == prefix) return b.uri;
    return {};
}

// Notes a namespace declaration, unless the nearest element in the output has the same one.
void canonicaliser::need(binding wanted) {
    if (wanted.prefix == "xml" || rendered(wanted.prefix) == wanted.uri) return;
    for (const binding& b : wanted_)
        if (b.prefix == wanted.prefix) return;
    wanted_.push_back(wanted);
}

void canonicaliser::collect_inclusive(const start_tag& tag, const scope& outer) {
    for (const binding& b : tag.declared) need(b);
    if (apex_seen_) return;
    for (const binding& b : outer.in_force())
        if (std::none_of(tag.declared.begin(), tag.declared.end(),
                         [&](const binding& own) { return own.prefix == b.prefix; }))
            need(b);
}

// Exclusive XML Canonicalization 1.0, 3: what the tag visibly uses, and the prefixes of the list as inclusive does.
void canonicaliser::collect_exclusive(const start_tag& tag, const scope& outer) {
    need({tag.prefix, tag.uri});
    for (const attribute& a : tag.attributes)
        if (!a.prefix.empty()) need({a.prefix, a.uri});
    for (const std::string& listed : how_.inclusive_prefixes) {
        auto own = std::find_if(tag.declared.begin(), tag.declared.end(),
                                [&](const binding& b) { return b.prefix == listed; });
        if (own != tag.declared.end())
            need(*own);
        else if (!apex_seen_)
            if (auto uri = outer.find(listed)) need({listed, *uri});
    }
}

// Canonical XML 1.0, 2.4 and 1.1, 2.4: the apex gets xml: attributes of the ancestors that are left out.
void canonicaliser::inherit_attributes(const start_tag& tag, const scope& outer) {
    if (how_.method == canonical_method::exclusive_1_0) return;
    bool version_1_1 = how_.method == canonical_method::inclusive_1_1;
    auto has = [&](std::string_view local) {
        return std::any_of(attributes_.begin(), attributes_.end(),
                           [&](const written_attribute& a) { return a.uri == xml_uri && a.local == local; });
    };
    std::vector<std::string_view> bases;
    for (const attribute& a : tag.attributes)
        if (a.uri == xml_uri && a.local == "base") bases.push_back(a.value);
    for (const scope::inherited* a : outer.xml_attributes()) {
        if (version_1_1 && a->local == "base") bases.push_back(a->value);
        if (version_1_1 && a->local != "lang" && a->local != "space") continue;
        if (!has(a->local)) attributes_.push_back({"xml", a->local, xml_uri, a->value});
    }
    if (!version_1_1 || bases.empty()) return;
    std::erase_if(attributes_, [](const written_attribute& a) { return a.uri == xml_uri && a.local == "base"; });
    base_ = joined_base(bases);
    if (!base_.empty()) attributes_.push_back({"xml", "base", xml_uri, base_});
}

void canonicaliser::start(const start_tag& tag, const scope& outer) {
    wanted_.clear();
    attributes_.clear();
    for (const attribute& a : tag.attributes) attributes_.push_back({a.prefix, a.local, a.uri, a.value});
    if (how_.method == canonical_method::exclusive_1_0)
        collect_exclusive(tag, outer);
    else
        collect_inclusive(tag, outer);
    if (!apex_seen_) inherit_attributes(tag, outer);
    apex_seen_ = true;
    open_.push_back({tag.prefix, tag.local, rendered_.size()});
    std::ranges::sort(wanted_, {}, &binding::prefix);
    rendered_.insert(rendered_.end(), wanted_.begin(), wanted_.end());
    std::ranges::sort(attributes_, [](const written_attribute& a, const written_attribute& b) {
        return a.uri != b.uri ? a.uri < b.uri : a.local < b.local;
    });
    put("<");
    put_name(tag.prefix, tag.local);
    for (const binding& b : wanted_) {
        put(b.prefix.empty() ? " xmlns" : " xmlns:");
        put(b.prefix);
        put("=\"");
        put_escaped(b.uri, true);
        put("\"");
    }
    for (const written_attribute& a : attributes_) {
        put(" ");
        put_name(a.prefix, a.local);
        put("=\"");
        put_escaped(a.value, true);
        put("\"");
    }
    put(">");
}

void canonicaliser::end() {
    put("</");
    put_name(open_.back().prefix, open_.back().local);
    put(">");
    rendered_.resize(open_.back().rendered);
    open_.pop_back();
}

void canonicaliser::text(std::string_view piece) {
    if (!open_.empty()) put_escaped(piece, false);
}

// Comments and instructions outside the root element stand on lines of their own.
void canonicaliser::put_outside(std::string_view before, std::string_view content, std::string_view data,
                                std::string_view after) {
    if (open_.empty() && apex_seen_) put("\n");
    put(before);
    put(content);
    if (!data.empty()) {
        put(" ");
        put(data);
    }
    put(after);
    if (open_.empty() && !apex_seen_) put("\n");
}

void canonicaliser::comment(std::string_view content) {
    if (how_.comments) put_outside("<!--", content, {}, "-->");
}

void canonicaliser::instruction(std::string_view target, std::string_view data) {
    put_outside("<?", target, data, "?>");
}

} // namespace vanthu::xml
