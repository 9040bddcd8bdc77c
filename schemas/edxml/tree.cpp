#include "schemas/edxml/tree.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

namespace vanthu::edxml {
namespace {

std::string_view view(const xmlChar* text) { return text ? reinterpret_cast<const char*>(text) : std::string_view{}; }

name_space space_of(std::string_view uri) {
    if (uri.empty()) return name_space::none;
    if (uri == namespace_uri) return name_space::qcvn;
    if (uri == "http://www.w3.org/2000/09/xmldsig#") return name_space::xmldsig;
    for (std::string_view soap :
         {"http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"})
        if (uri == soap) return name_space::soap;
    // Lạng Sơn; Bkav eDoc before 2.0.
    for (std::string_view old : {"http://www.go.vn/eDoc", "http://www.e-doc.vn/Schema"})
        if (uri.starts_with(old)) return name_space::old;
    return name_space::other;
}

} // namespace

struct xml_tree::state {
    xmlSAXHandler handlers{};
    xmlParserCtxtPtr parser = nullptr;
    element root;
    bool has_root = false;
    std::vector<element*> open; // an open element is its parent's last child, so growth never moves it
    std::string closed;
    std::vector<std::string> unbound;
    std::string first_error;

    // What libxml2 calls; `data` is the state.
    static void start(void* data, const xmlChar* local, const xmlChar*, const xmlChar* uri, int, const xmlChar**, int,
                      int, const xmlChar**) {
        auto& s = *static_cast<state*>(data);
        if (!s.open.empty() && s.open.back()->children.empty()) s.open.back()->children.reserve(8);
        element* self = s.open.empty() ? &s.root : &s.open.back()->children.emplace_back();
        s.has_root = true;
        self->name = view(local);
        self->space = space_of(view(uri));
        if (self->space != name_space::qcvn) self->uri = view(uri);
        s.open.push_back(self);
    }
    static void end(void* data, const xmlChar* local, const xmlChar*, const xmlChar*) {
        auto& s = *static_cast<state*>(data);
        s.closed = view(local);
        if (!s.open.empty()) s.open.pop_back();
    }
    static void characters(void* data, const xmlChar* text, int length) {
        auto& s = *static_cast<state*>(data);
        if (!s.open.empty())
            s.open.back()->text.append(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
    }
    static void error(void* data, xmlErrorPtr e) {
        auto& s = *static_cast<state*>(data);
        if (e->domain == XML_FROM_NAMESPACE) {
            if (e->code == XML_NS_ERR_UNDEFINED_NAMESPACE && s.unbound.size() < 16)
                s.unbound.push_back(e->str1 ? e->str1 : "");
        } else if (s.first_error.empty() && e->level >= XML_ERR_ERROR) {
            s.first_error = fmt::format("line {}: {}", e->line, e->message ? e->message : "");
            while (s.first_error.ends_with('\n')) s.first_error.pop_back();
        }
    }

    result<> push(std::string_view token, bool last) {
        xmlParseChunk(parser, token.data(), static_cast<int>(token.size()), last);
        if (parser->wellFormed && !parser->disableSAX) return {};
        return failed(errc::not_well_formed, first_error);
    }
};

xml_tree::xml_tree() : state_(std::make_unique<state>()) {
    static const bool initialised = (xmlInitParser(), true); // once, thread-safe
    (void)initialised;
    state& s = *state_;
    s.handlers.initialized = XML_SAX2_MAGIC;
    s.handlers.startElementNs = state::start;
    s.handlers.endElementNs = state::end;
    s.handlers.characters = state::characters;
    s.handlers.ignorableWhitespace = state::characters;
    s.handlers.cdataBlock = state::characters;
    s.handlers.serror = state::error;
    s.parser = xmlCreatePushParserCtxt(&s.handlers, &s, nullptr, 0, nullptr);
    if (!s.parser) std::abort(); // out of memory
    xmlCtxtUseOptions(s.parser, XML_PARSE_NONET);
}

xml_tree::~xml_tree() {
    if (state_->parser->myDoc) xmlFreeDoc(state_->parser->myDoc);
    xmlFreeParserCtxt(state_->parser);
}

result<> xml_tree::feed(std::string_view token) {
    state_->closed.clear();
    return state_->push(token, false);
}

result<> xml_tree::finish() { return state_->push({}, true); }

std::size_t xml_tree::depth() const { return state_->open.size(); }
std::string_view xml_tree::just_closed() const { return state_->closed; }
const element* xml_tree::root() const { return state_->has_root ? &state_->root : nullptr; }
std::vector<std::string> xml_tree::take_unbound() { return std::exchange(state_->unbound, {}); }

element xml_tree::take_closed_child() {
    std::vector<element>& children = state_->open.back()->children;
    element last = std::move(children.back());
    children.pop_back();
    return last;
}

// ── reading the tree ────────────────────────────────────────────────────────────────────────────────────────────────

const element* element::child(std::string_view local) const {
    auto found = std::find_if(children.begin(), children.end(), [&](const element& e) { return e.name == local; });
    return found == children.end() ? nullptr : &*found;
}

const element* element::at(std::initializer_list<std::string_view> path) const {
    const element* here = this;
    for (std::string_view step : path)
        if (here) here = here->child(step);
    return here;
}

const element* element::descendant(std::string_view local) const {
    for (const element& e : children) {
        if (e.name == local) return &e;
        if (e.name == "Signature") continue;
        if (const element* found = e.descendant(local)) return found;
    }
    return nullptr;
}

std::string_view element::trimmed_view() const {
    auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    std::string_view out = text;
    while (!out.empty() && is_space(out.front())) out.remove_prefix(1);
    while (!out.empty() && is_space(out.back())) out.remove_suffix(1);
    return out;
}

std::string element::text_of(std::string_view local) const {
    const element* e = child(local);
    return e ? e->trimmed() : std::string{};
}

} // namespace vanthu::edxml
