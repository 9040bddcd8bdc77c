#include "signing/xml/outline.hpp"

#include "signing/xml/algorithms.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::xml {
namespace {

std::string_view qualified_name(std::string_view tag) { // "<a:b c='d'>" or "</a:b>": a:b
    tag.remove_prefix(tag.starts_with("</") ? 2 : 1);
    return tag.substr(0, tag.find_first_of(" \t\r\n/>"));
}

std::string_view local_name(std::string_view tag) {
    std::string_view name = qualified_name(tag);
    std::size_t colon = name.find(':');
    return colon == name.npos ? name : name.substr(colon + 1);
}

// Bytes of one element called Signature, with what is around it.
struct captured {
    std::string before, bytes, after;
    std::size_t depth = 0, ordinal = 0;
    std::uint64_t taken = 0; // offset up to which `bytes` has them
    std::optional<std::uint64_t> end;
    std::vector<element_place> places;
};

class observer final : public tag_observer {
public:
    observer(const limits& bounds, const std::vector<std::string>& path) : limits_(bounds), path_(path) {}

    result<> tag(const tag_place& place) override {
        if (place.what == tag_place::kind::end) return closed(place);
        std::string_view name = local_name(place.text);
        bool empty = place.what == tag_place::kind::empty;
        if (!wanted_ordinal_ && on_path(name, place.depth)) {
            wanted_ordinal_ = place.ordinal;
            wanted_ = place_of(place, empty);
        }
        if (!capturing_ && name == "Signature") VANTHU_CHECK(begin_capture(place));
        if (capturing_) {
            captured& all = found.back();
            if (all.places.size() >= limits_.signature_elements)
                return failed(errc::over_budget,
                              fmt::format("a signature of more than {} elements", limits_.signature_elements));
            all.places.push_back(place_of(place, empty));
            if (empty && place.ordinal == all.ordinal) end_capture(place);
        }
        if (empty) return {};
        open_bytes_ += place.text.size();
        if (open_bytes_ > limits_.markup_bytes)
            return failed(errc::over_budget, fmt::format("open tags of more than {} bytes", limits_.markup_bytes));
        open_.emplace_back(place.text);
        return {};
    }

    result<> piece(std::uint64_t offset, std::string_view bytes) override {
        for (std::size_t i = unfinished_; i < found.size(); ++i) {
            captured& one = found[i];
            std::uint64_t from = std::max(offset, one.taken);
            std::uint64_t to = std::min(offset + bytes.size(), one.end.value_or(offset + bytes.size()));
            if (from < to) {
                one.bytes.append(bytes.substr(from - offset, to - from));
                one.taken = to;
            }
            if (one.bytes.size() > limits_.signature_bytes)
                return failed(errc::over_budget,
                              fmt::format("a signature of more than {} bytes", limits_.signature_bytes));
        }
        unfinished_ = found.size() - (capturing_ ? 1 : 0);
        return {};
    }

    std::vector<captured> found;
    std::optional<element_place> wanted() const { return wanted_; }

private:
    static element_place place_of(const tag_place& tag, bool empty) {
        return {tag.offset, tag.offset + tag.length, tag.offset + tag.length, empty};
    }
    bool on_path(std::string_view name, std::size_t depth) const {
        if (path_.empty()) return depth == 1;
        if (depth != path_.size() || name != path_.back()) return false;
        for (std::size_t i = 0; i + 1 < path_.size(); ++i)
            if (local_name(open_[i]) != path_[i]) return false;
        return true;
    }
    result<> begin_capture(const tag_place& place) {
        if (found.size() >= limits_.signatures)
            return failed(errc::over_budget, fmt::format("more than {} signatures", limits_.signatures));
        captured one;
        for (const std::string& tag : open_) {
            one.before += tag;
            one.after.insert(0, fmt::format("</{}>", qualified_name(tag)));
        }
        one.depth = place.depth;
        one.ordinal = place.ordinal;
        one.bytes = place.text; // it may have begun in an earlier piece
        one.taken = place.offset + place.length;
        found.push_back(std::move(one));
        capturing_ = true;
        return {};
    }
    void end_capture(const tag_place& place) {
        found.back().end = place.offset + place.length;
        capturing_ = false;
    }
    result<> closed(const tag_place& place) {
        open_bytes_ -= open_.back().size();
        open_.pop_back();
        if (wanted_ordinal_ == place.ordinal) wanted_->end_tag = place.offset;
        if (!capturing_) return {};
        captured& all = found.back();
        all.places[place.ordinal - all.ordinal].end_tag = place.offset;
        if (place.ordinal == all.ordinal) end_capture(place);
        return {};
    }

    limits limits_;
    const std::vector<std::string>& path_;
    std::vector<std::string> open_; // start tags
    std::size_t open_bytes_ = 0, unfinished_ = 0;
    bool capturing_ = false;
    std::optional<std::size_t> wanted_ordinal_;
    std::optional<element_place> wanted_;
};

void renumber(element& at, std::size_t ancestors, std::size_t first) {
    at.ordinal = at.ordinal - ancestors + first; // meaningless, and not used, for the ancestors themselves
    for (element::node& n : at.nodes)
        if (n.child) renumber(*n.child, ancestors, first);
}

void collect(const element& at, std::vector<const element*>& topmost, bool& nested, bool inside) {
    bool signature = at.is(dsig_uri, "Signature");
    if (signature && inside) nested = true;
    if (signature && !inside) topmost.push_back(&at);
    for (const element* child : at.children()) collect(*child, topmost, nested, inside || signature);
}

std::size_t depth_of(const element* at) {
    std::size_t depth = 0;
    for (; at; at = at->parent) ++depth;
    return depth;
}

result<> add(outline& all, captured&& one, const limits& bounds) {
    VANTHU_TRY(auto tree, read_tree(one.before + one.bytes + one.after, bounds));
    renumber(*tree, one.depth - 1, one.ordinal);
    std::shared_ptr<const element> root = std::move(tree);
    auto places = std::make_shared<const std::vector<element_place>>(std::move(one.places));
    std::vector<const element*> topmost;
    collect(*root, topmost, all.nested, false);
    if (topmost.empty()) all.foreign = true;
    for (const element* top : topmost) {
        if (all.signatures.size() >= bounds.signatures)
            return failed(errc::over_budget, fmt::format("more than {} signatures", bounds.signatures));
        all.signatures.push_back({root, top, depth_of(top), places, one.ordinal});
    }
    return {};
}

} // namespace

element_place found_signature::place(const element& inside) const { return places->at(inside.ordinal - first_ordinal); }

result<outline> outline_of(const source& document, const limits& bounds, const std::vector<std::string>& path) {
    observer seen(bounds, path);
    guard lexical(bounds, &seen);
    VANTHU_CHECK(document([&](bytes_view piece) { return lexical.feed(as_text(piece)); }));
    VANTHU_CHECK(lexical.finish());
    outline all;
    all.wanted = seen.wanted();
    for (captured& one : seen.found) VANTHU_CHECK(add(all, std::move(one), bounds));
    return all;
}

} // namespace vanthu::xml
