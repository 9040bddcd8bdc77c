// A document as a stream of events, with the namespaces and xml: attributes that are in scope.
//
// Lifetime: names, prefixes and namespace URIs (of elements, attributes and bindings) stay valid until the end of the
// element they came with; attribute values and text only during the call.
// Source: Namespaces in XML 1.0 (Third Edition), clauses 2, 3 and 6.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vanthu::xml {

inline constexpr std::string_view xml_uri = "http://www.w3.org/XML/1998/namespace";

struct binding {
    std::string_view prefix, uri; // prefix "" is the default namespace; uri "" undoes it
};
struct attribute {
    std::string_view prefix, local, uri, value; // uri "": in no namespace
};
struct start_tag {
    std::string_view prefix, local, uri;
    std::span<const binding> declared; // by this very tag
    std::span<const attribute> attributes;
};

// What the open elements have declared.
class scope {
public:
    void enter(const start_tag& tag);
    void leave();
    // The binding in force; nullopt where the prefix is not bound (the default namespace: where it is undone too).
    std::optional<std::string_view> find(std::string_view prefix) const;
    // All bindings in force, one a prefix, without undone ones, in no particular order.
    std::vector<binding> in_force() const;
    // xml:* attributes of the open elements, innermost first.
    struct inherited {
        std::string local, value;
    };
    std::vector<const inherited*> xml_attributes() const;

private:
    struct frame {
        std::size_t bindings, attributes;
    };
    std::vector<binding> bindings_;
    std::vector<inherited> attributes_;
    std::vector<frame> frames_;
};

class event_handler {
public:
    virtual ~event_handler() = default;
    virtual void start(const start_tag& tag, const scope& outer) = 0; // `outer`: without what `tag` declares
    virtual void end() = 0;
    virtual void text(std::string_view piece) = 0; // a text may come in pieces
    virtual void comment(std::string_view content) = 0;
    virtual void instruction(std::string_view target, std::string_view data) = 0;
};

} // namespace vanthu::xml
