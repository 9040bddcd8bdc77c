// The lexical walk over a document's bytes, in front of libxml2: whatever could cost it more than linear time or memory
// is refused before it gets there, and tags are reported with their places.
//
// Guarantees: no DOCTYPE, no encoding but UTF-8, no XML but 1.0; depth, elements, attributes and lengths within limits.
// The answer does not depend on how the bytes are cut. Whether the document is well-formed is for libxml2 to say.
#pragma once

#include "signing/xml/errors.hpp"
#include "signing/xml/limits.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vanthu::xml {

// One tag as it stands in the document.
struct tag_place {
    enum class kind : std::uint8_t { start = 1, end, empty };
    kind what;
    std::string_view text; // "<a:b c='d'>"; only if the guard keeps tags, and only during the call
    std::uint64_t offset;  // of '<'
    std::uint64_t length;  // to '>' included
    std::size_t ordinal;   // of the element in the order of start tags, from 0; for an end tag that of its start tag
    std::size_t depth;     // of the element, the root being 1
};

class tag_observer {
public:
    virtual ~tag_observer() = default;
    virtual result<> tag(const tag_place& place) = 0;
    virtual result<> piece(std::uint64_t offset, std::string_view bytes) = 0; // after the tags that end in it
};

class guard {
public:
    // `observer` may be null; then no tag is kept.
    guard(const limits& bounds, tag_observer* observer) : limits_(bounds), observer_(observer) {}
    result<> feed(std::string_view piece);
    result<> finish();
    std::size_t elements() const { return elements_; }

private:
    enum class state : std::uint8_t { text, tag, bang, comment, cdata, instruction };
    result<> look_at_start(std::string_view piece);
    result<> step(std::string_view& rest);
    result<> read_tag(std::string_view& rest);
    result<> read_bang(std::string_view& rest);
    result<> read_until(std::string_view& rest, std::string_view closing);
    result<> close_tag();
    result<> close_instruction();
    void take(std::string_view& rest, std::size_t n);

    limits limits_;
    tag_observer* observer_;
    state state_ = state::text;
    std::uint64_t position_ = 0;
    std::string held_; // the tag so far, or the beginning of other markup
    std::uint64_t token_offset_ = 0, token_length_ = 0;
    char quote_ = 0, last_ = 0, before_last_ = 0;
    bool closing_ = false; // an end tag
    bool ascii_ = false;   // says the declaration
    std::size_t attributes_ = 0, elements_ = 0;
    std::vector<std::size_t> open_; // ordinals
};

} // namespace vanthu::xml
