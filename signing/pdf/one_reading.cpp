#include "signing/pdf/one_reading.hpp"

#include "signing/pdf/plain_values.hpp"
#include "signing/pdf/syntax.hpp"

namespace vanthu::pdf {
namespace {

constexpr std::string_view linear = "/Linearized";

// Spelled in any way, and whatever some reader takes for the end of the name.
bool says_linearized(std::string_view text) {
    for (std::size_t at = text.find('/'); at != text.npos; at = text.find('/', at + 1)) {
        std::size_t from = at, matched = 0;
        while (matched < linear.size() && from < text.size()) {
            char c = text[from++];
            if (auto byte = c == '#' ? from_hex(text.substr(from, 2)) : std::nullopt; byte && byte->size() == 1)
                c = static_cast<char>((*byte)[0]), from += 2;
            if (c != linear[matched]) break;
            ++matched;
        }
        if (matched == linear.size()) return true;
    }
    return false;
}

struct claim {
    std::optional<std::size_t> size; // nullopt: read differently
    std::size_t end = 0;             // behind the dictionary
};

// What stands behind "N G obj".
std::optional<claim> claim_at(std::string_view text, std::size_t at) {
    std::vector<QPDFObjGen> references;
    std::vector<odd_spelling> odd;
    value_reader values(text, at, references, odd);
    entry_list entries;
    const token open = values.next();
    if (open.kind != token_kind::dict_open) {
        if (odd.empty() && open.kind != token_kind::bad) return std::nullopt; // something else
    } else if (values.value(open, 0, &entries) && odd.empty()) {
        if (entry_of(entries, linear).empty()) return std::nullopt;
        auto size = padded(entry_of(entries, "/L"));
        return claim{size ? std::optional(static_cast<std::size_t>(*size)) : std::nullopt, values.at()};
    }
    if (!says_linearized(text.substr(at))) return std::nullopt;
    return claim{};
}

// Of each object that some reader could take for the first: up to the first one that begins a line, which nobody takes
// for a comment.
std::vector<claim> claims_in(const document& d) {
    constexpr int most = 64;
    const std::string_view text = as_text(d.file());
    std::vector<claim> all;
    int seen = 0;
    for (std::size_t at = text.find("obj", d.header_at()); at != text.npos; at = text.find("obj", at + 3)) {
        if (++seen > most) {
            all.push_back({});
            break;
        }
        if (auto found = claim_at(text, at + 3)) all.push_back(*found);
        const std::size_t line = text.find_last_of("\r\n", at) + 1; // npos + 1 is 0
        scanner s(text, line);
        if (natural(s.next().text) && padded(s.next().text) && s.next().begin == at) break;
    }
    return all;
}

// Looks at tokens; at each byte a few times at most, however many objects say that they stand there.
class names_of_file {
public:
    explicit names_of_file(const document& d) : d_(d), text_(as_text(d.file())), left_(8 * text_.size() + 4096) {}

    bool any_split() {
        if (!d_.is_sound() && any_split_object()) return true;
        for (std::size_t at = text_.find("trailer"); at != text_.npos; at = text_.find("trailer", at + 7))
            if (scanner s(text_, at + 7); s.next().kind == token_kind::dict_open && split_from(text_, at + 7))
                return true;
        return false;
    }

private:
    bool any_split_object() {
        std::set<int> streams;
        for (const auto& [id, entry] : d_.qpdf().getXRefTable())
            if (entry.getType() == 2)
                streams.insert(entry.getObjStreamNumber());
            else if (entry.getType() == 1 && split_from(text_, place(static_cast<std::size_t>(entry.getOffset()))))
                return true;
        for (int id : streams)
            if (split_in(d_.qpdf().getObjectByID(id, 0))) return true;
        return d_.kind() == xref_kind::stream && split_from(text_, place(d_.startxref()));
    }

    std::size_t place(std::size_t offset) const { return std::min(d_.header_at() + offset, text_.size()); }

    static bool splits(char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == 0x80 || byte == 0xff || byte == 0x7f || byte < 0x20;
    }

    // One object, or the dictionary of a stream or trailer.
    bool split_from(std::string_view text, std::size_t at) {
        scanner s(text, at);
        for (token t = s.next(); t.kind != token_kind::end; t = s.next()) {
            if (s.at() - at > left_) return true; // not to be known
            const bool word = t.kind == token_kind::word;
            if ((word || t.kind == token_kind::name) && std::ranges::any_of(t.text, splits)) return true;
            if (word && (t.text.starts_with("endobj") || t.text == "stream" || t.text == "startxref")) break;
        }
        left_ -= std::min(left_, s.at() - at);
        return false;
    }

    bool split_in(QPDFObjectHandle stream) {
        if (!stream.isStream()) return false;
        QPDFObjectHandle first = stream.getDict().getKey("/First");
        auto data = stream.getStreamData(qpdf_dl_generalized);
        std::string_view text(reinterpret_cast<const char*>(data->getBuffer()), data->getSize());
        left_ = std::max(left_, 2 * text.size());
        return first.isInteger() && first.getIntValue() >= 0 &&
               split_from(text, std::min(static_cast<std::size_t>(first.getIntValue()), text.size()));
    }

    const document& d_;
    const std::string_view text_;
    std::size_t left_; // bytes to look at
};

} // namespace

bool may_turn_linear(const document& d) {
    const std::string_view text = as_text(d.file());
    const std::size_t size = text.size() - d.header_at(), section = d.header_at() + d.startxref();
    return std::ranges::any_of(claims_in(d), [&](const claim& c) {
        if (!c.size || *c.size > size) return true;
        if (*c.size < size) return false;
        // It is true: then both ways lead to one cross-reference.
        scanner s(text, c.end);
        return s.next().text != "endobj" || s.at() > section || !only_space(text.substr(s.at(), section - s.at()));
    });
}

bool is_linear_by_size(const document& d) {
    const std::size_t size = d.file().size();
    return std::ranges::any_of(claims_in(d),
                               [&](const claim& c) { return c.size == size || c.size == size - d.header_at(); });
}

bool has_split_names(const document& d) { return names_of_file(d).any_split(); }

} // namespace vanthu::pdf
