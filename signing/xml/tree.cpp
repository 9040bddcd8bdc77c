#include "signing/xml/tree.hpp"

#include <algorithm>

namespace vanthu::xml {
namespace {

class builder final : public event_handler {
public:
    void start(const start_tag& tag, const scope&) override {
        auto made = std::make_unique<element>();
        made->prefix = tag.prefix;
        made->local = tag.local;
        made->uri = tag.uri;
        for (const binding& b : tag.declared) made->declared.push_back({std::string(b.prefix), std::string(b.uri)});
        for (const attribute& a : tag.attributes)
            made->attributes.push_back(
                {std::string(a.prefix), std::string(a.local), std::string(a.uri), std::string(a.value)});
        made->parent = open_;
        made->ordinal = count_++;
        element* at = made.get();
        if (open_)
            open_->nodes.push_back({element::node::kind::element, {}, {}, std::move(made)});
        else
            root = std::move(made);
        open_ = at;
    }
    void end() override { open_ = const_cast<element*>(open_->parent); }
    void text(std::string_view piece) override {
        if (!open_) return;
        if (open_->nodes.empty() || open_->nodes.back().what != element::node::kind::text)
            open_->nodes.push_back({element::node::kind::text, {}, {}, nullptr});
        open_->nodes.back().content.append(piece);
    }
    void comment(std::string_view content) override {
        if (open_) open_->nodes.push_back({element::node::kind::comment, std::string(content), {}, nullptr});
    }
    void instruction(std::string_view target, std::string_view data) override {
        if (open_)
            open_->nodes.push_back({element::node::kind::instruction, std::string(target), std::string(data), nullptr});
    }
    std::unique_ptr<element> root;

private:
    element* open_ = nullptr;
    std::size_t count_ = 0;
};

// Depth is bounded by limits::depth.
void walk(const element& at, scope& open, event_handler& handler) {
    std::vector<binding> declared;
    std::vector<attribute> attributes;
    for (const auto& b : at.declared) declared.push_back({b.prefix, b.uri});
    for (const auto& a : at.attributes) attributes.push_back({a.prefix, a.local, a.uri, a.value});
    start_tag tag{at.prefix, at.local, at.uri, declared, attributes};
    handler.start(tag, open);
    open.enter(tag);
    for (const element::node& n : at.nodes) switch (n.what) {
        case element::node::kind::element:
            walk(*n.child, open, handler);
            break;
        case element::node::kind::text:
            handler.text(n.content);
            break;
        case element::node::kind::comment:
            handler.comment(n.content);
            break;
        case element::node::kind::instruction:
            handler.instruction(n.content, n.data);
        }
    open.leave();
    handler.end();
}

void enter_ancestors(const element* at, scope& open) {
    if (!at) return;
    enter_ancestors(at->parent, open);
    std::vector<binding> declared;
    std::vector<attribute> attributes;
    for (const auto& b : at->declared) declared.push_back({b.prefix, b.uri});
    for (const auto& a : at->attributes) attributes.push_back({a.prefix, a.local, a.uri, a.value});
    open.enter({at->prefix, at->local, at->uri, declared, attributes});
}

class text_sink final : public octet_sink {
public:
    void write(std::string_view octets) override { all.append(octets); }
    std::string all;
};

constexpr std::string_view spaces = " \t\r\n";

} // namespace

std::vector<const element*> element::children() const {
    std::vector<const element*> all;
    for (const node& n : nodes)
        if (n.child) all.push_back(n.child.get());
    return all;
}

const element* element::child(std::string_view namespace_uri, std::string_view name) const {
    for (const node& n : nodes)
        if (n.child && n.child->is(namespace_uri, name)) return n.child.get();
    return nullptr;
}

std::vector<const element*> element::children(std::string_view namespace_uri, std::string_view name) const {
    std::vector<const element*> all;
    for (const node& n : nodes)
        if (n.child && n.child->is(namespace_uri, name)) all.push_back(n.child.get());
    return all;
}

const std::string* element::attribute_value(std::string_view name) const {
    for (const own_attribute& a : attributes)
        if (a.uri.empty() && a.local == name) return &a.value;
    return nullptr;
}

std::optional<std::string> element::value() const {
    if (nodes.empty()) return std::string();
    if (nodes.size() > 1 || nodes.front().what != node::kind::text) return std::nullopt;
    return nodes.front().content;
}

bool element::has_stray_text() const {
    return std::any_of(nodes.begin(), nodes.end(), [](const node& n) {
        return n.what == node::kind::text && n.content.find_first_not_of(spaces) != std::string::npos;
    });
}

result<std::unique_ptr<element>> read_tree(std::string_view document, const limits& bounds) {
    builder made;
    reader all(bounds, made);
    VANTHU_CHECK(all.feed(document));
    VANTHU_CHECK(all.finish());
    return std::move(made.root);
}

void replay(const element& top, event_handler& handler) {
    scope open;
    enter_ancestors(top.parent, open);
    walk(top, open, handler);
}

void write_canonical(const element& top, const canonicalisation& how, octet_sink& out) {
    canonicaliser canonical(how, out);
    replay(top, canonical);
    canonical.finish();
}

std::string canonical_octets(const element& top, const canonicalisation& how) {
    text_sink out;
    write_canonical(top, how, out);
    return std::move(out.all);
}

} // namespace vanthu::xml
