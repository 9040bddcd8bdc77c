#include "signing/xml/reader.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <mutex>

namespace vanthu::xml {
namespace {

std::string_view view(const xmlChar* s) {
    return s ? std::string_view(reinterpret_cast<const char*>(s)) : std::string_view{};
}

// libxml2 copies what it is given: no piece may be large.
constexpr std::size_t piece_bytes = 32u << 10;

// Where to cut so that no UTF-8 sequence and no CR LF falls apart; 0: nowhere.
std::size_t safe_cut(std::string_view text) {
    std::size_t end = text.size();
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, end); ++back) {
        auto c = static_cast<unsigned char>(text[end - back]);
        if (c < 0x80) break;
        if (c < 0xC0) continue;
        std::size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
        if (length > back) end -= back;
        break;
    }
    if (end > 0 && text[end - 1] == '\r') --end;
    return end;
}

} // namespace

struct reader::state {
    explicit state(event_handler& h) : handler(h) {}
    event_handler& handler;
    scope open;
    std::vector<binding> declared;
    std::vector<attribute> attributes;
    xmlParserCtxtPtr parser = nullptr;
    std::string complaint;
    ~state() { xmlFreeParserCtxt(parser); }

    static state& of(void* self) { return *static_cast<state*>(self); }

    static void start(void* self, const xmlChar* local, const xmlChar* prefix, const xmlChar* uri, int bindings,
                      const xmlChar** bound, int count, int, const xmlChar** attrs) {
        state& s = of(self);
        s.declared.clear();
        s.attributes.clear();
        for (int i = 0; i < bindings; ++i) s.declared.push_back({view(bound[2 * i]), view(bound[2 * i + 1])});
        for (int i = 0; i < count; ++i) {
            const xmlChar** a = attrs + 5 * i;
            std::string_view value(reinterpret_cast<const char*>(a[3]), static_cast<std::size_t>(a[4] - a[3]));
            s.attributes.push_back({view(a[1]), view(a[0]), view(a[2]), value});
        }
        start_tag tag{view(prefix), view(local), view(uri), s.declared, s.attributes};
        s.handler.start(tag, s.open);
        s.open.enter(tag);
    }
    static void end(void* self, const xmlChar*, const xmlChar*, const xmlChar*) {
        state& s = of(self);
        s.open.leave();
        s.handler.end();
    }
    static void text(void* self, const xmlChar* piece, int length) {
        of(self).handler.text({reinterpret_cast<const char*>(piece), static_cast<std::size_t>(length)});
    }
    static void comment(void* self, const xmlChar* content) { of(self).handler.comment(view(content)); }
    static void instruction(void* self, const xmlChar* target, const xmlChar* data) {
        of(self).handler.instruction(view(target), view(data));
    }
    // The guard has refused every DOCTYPE already; should one get here, the walk ends.
    static void doctype(void* self, const xmlChar*, const xmlChar*, const xmlChar*) {
        of(self).complaint = "DOCTYPE";
        xmlStopParser(of(self).parser);
    }
    static void complain(void* self, xmlErrorPtr error) {
        state& s = of(self);
        // A namespace name need not be a valid or absolute URI (Namespaces in XML 1.0, 2.2 deprecates, not forbids).
        if (error->code == XML_WAR_NS_URI || error->code == XML_WAR_NS_URI_RELATIVE) return;
        if (error->level >= XML_ERR_ERROR && s.complaint.empty())
            s.complaint = fmt::format("line {}: error {} of libxml2", error->line, error->code);
    }
};

reader::reader(const limits& bounds, event_handler& handler, tag_observer* observer)
    : guard_(bounds, observer), state_(std::make_unique<state>(handler)) {
    static std::once_flag once;
    std::call_once(once, xmlInitParser);
    xmlSAXHandler sax{};
    sax.initialized = XML_SAX2_MAGIC;
    sax.startElementNs = state::start;
    sax.endElementNs = state::end;
    sax.characters = sax.ignorableWhitespace = sax.cdataBlock = state::text;
    sax.comment = state::comment;
    sax.processingInstruction = state::instruction;
    sax.internalSubset = state::doctype;
    sax.serror = state::complain;
    state_->parser = xmlCreatePushParserCtxt(&sax, state_.get(), nullptr, 0, nullptr);
    if (!state_->parser) std::abort(); // out of memory
    // NOENT, or attribute values would keep "&#38;" for "&"; it opens nothing where there is no DOCTYPE.
    // IGNORE_ENC: UTF-8, whatever a declaration says; the guard refuses every other.
    xmlCtxtUseOptions(state_->parser, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_IGNORE_ENC);
    state_->parser->sax->serror = state::complain;
}

reader::~reader() = default;

result<> reader::push(std::string_view piece, bool last) {
    xmlParseChunk(state_->parser, piece.data(), static_cast<int>(piece.size()), last ? 1 : 0);
    if (!state_->parser->wellFormed || !state_->complaint.empty()) return failed(errc::not_xml, state_->complaint);
    return {};
}

result<> reader::feed(std::string_view piece) {
    while (!piece.empty()) {
        std::string_view part = piece.substr(0, piece_bytes);
        piece.remove_prefix(part.size());
        VANTHU_CHECK(guard_.feed(part));
        std::string joined;
        if (!carried_.empty()) {
            joined = std::exchange(carried_, {});
            joined.append(part);
            part = joined;
        }
        std::size_t cut = safe_cut(part);
        carried_.assign(part.substr(cut));
        if (cut > 0) VANTHU_CHECK(push(part.substr(0, cut), false));
    }
    return {};
}

result<> reader::finish() {
    VANTHU_CHECK(guard_.finish());
    return push(std::exchange(carried_, {}), true);
}

source in_memory(bytes_view document) {
    return [document](const byte_sink& sink) { return sink(document); };
}

result<> read(const source& document, const limits& bounds, event_handler& handler) {
    reader all(bounds, handler);
    VANTHU_CHECK(document([&](bytes_view piece) { return all.feed(as_text(piece)); }));
    return all.finish();
}

} // namespace vanthu::xml
