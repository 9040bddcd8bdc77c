// A small tree of one signature: what is read of it is found here, and its parts are canonicalised from here.
#pragma once

#include "signing/xml/canonical.hpp"
#include "signing/xml/reader.hpp"

#include <memory>

namespace vanthu::xml {

struct element {
    struct own_binding {
        std::string prefix, uri;
    };
    struct own_attribute {
        std::string prefix, local, uri, value;
    };
    struct node { // a child
        enum class kind : std::uint8_t { element = 1, text, comment, instruction };
        kind what;
        std::string content, data; // text | comment | target and data
        std::unique_ptr<element> child;
    };
    std::string prefix, local, uri;
    std::vector<own_binding> declared;
    std::vector<own_attribute> attributes;
    std::vector<node> nodes;
    const element* parent = nullptr;
    std::size_t ordinal = 0; // in the order of start tags; see outline.hpp for what is counted

    bool is(std::string_view namespace_uri, std::string_view name) const {
        return local == name && uri == namespace_uri;
    }
    std::vector<const element*> children() const;
    const element* child(std::string_view namespace_uri, std::string_view name) const; // the first; null if none
    std::vector<const element*> children(std::string_view namespace_uri, std::string_view name) const;
    const std::string* attribute_value(std::string_view name) const; // in no namespace; null if none
    // The text, if there is nothing but text: a comment or an element inside a value would let two readers see two
    // values, so it makes nullopt.
    std::optional<std::string> value() const;
    // Is there text other than white space between the elements?
    bool has_stray_text() const;
};

// The document's element with all it holds; ordinals begin at 0.
result<std::unique_ptr<element>> read_tree(std::string_view document, const limits& bounds);

// One element with all it holds as events, in the scope of its ancestors in the tree.
void replay(const element& top, event_handler& handler);
void write_canonical(const element& top, const canonicalisation& how, octet_sink& out);
std::string canonical_octets(const element& top, const canonicalisation& how);

} // namespace vanthu::xml
