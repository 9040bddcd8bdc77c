#include "signing/xml/guard.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace vanthu::xml {
namespace {

constexpr std::string_view spaces = " \t\r\n";

// The value of NAME="..." in an XML declaration; empty where there is none.
std::string_view declared(std::string_view declaration, std::string_view name) {
    std::size_t at = declaration.find(name);
    if (at == declaration.npos) return {};
    std::size_t open = declaration.find_first_of("\"'", at);
    if (open == declaration.npos) return {};
    std::size_t close = declaration.find(declaration[open], open + 1);
    return close == declaration.npos ? std::string_view{} : declaration.substr(open + 1, close - open - 1);
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

constexpr std::size_t declaration_bytes = 256; // of an instruction: enough to read an XML declaration

} // namespace

void guard::take(std::string_view& rest, std::size_t n) {
    rest.remove_prefix(n);
    position_ += n;
}

// libxml2 guesses encodings from the first four bytes: only what is UTF-8 on its face gets there.
result<> guard::look_at_start(std::string_view piece) {
    for (std::size_t i = 0; i < piece.size() && position_ + i < 4; ++i) {
        char c = piece[i];
        bool plain = c == '<' || spaces.find(c) != spaces.npos || c == '\xEF';
        if (c == '\0' || (position_ + i == 0 && !plain))
            return failed(errc::encoding_unsupported, fmt::format("byte {} of the file", position_ + i));
    }
    return {};
}

result<> guard::feed(std::string_view piece) {
    if (position_ + piece.size() > limits_.bytes)
        return failed(errc::over_budget, fmt::format("more than {} bytes", limits_.bytes));
    VANTHU_CHECK(look_at_start(piece));
    std::uint64_t begin = position_;
    std::string_view rest = piece;
    while (!rest.empty()) VANTHU_CHECK(step(rest));
    if (ascii_ && std::ranges::any_of(piece, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
        return failed(errc::encoding_unsupported, fmt::format("not ASCII before byte {}", position_));
    return observer_ ? observer_->piece(begin, piece) : result<>{};
}

result<> guard::finish() {
    if (state_ != state::text || !open_.empty())
        return failed(errc::not_xml, fmt::format("ends at byte {}", position_));
    if (elements_ == 0) return failed(errc::not_xml, "no element");
    return {};
}

result<> guard::step(std::string_view& rest) {
    switch (state_) {
    case state::text: {
        const void* tag = std::memchr(rest.data(), '<', rest.size());
        if (!tag) {
            take(rest, rest.size());
            return {};
        }
        take(rest, static_cast<std::size_t>(static_cast<const char*>(tag) - rest.data()));
        token_offset_ = position_;
        token_length_ = 1;
        take(rest, 1);
        held_.assign(1, '<');
        quote_ = last_ = before_last_ = 0;
        closing_ = false;
        attributes_ = 0;
        state_ = state::tag;
        return {};
    }
    case state::tag:
        return read_tag(rest);
    case state::bang:
        return read_bang(rest);
    case state::comment:
        return read_until(rest, "-->");
    case state::cdata:
        return read_until(rest, "]]>");
    case state::instruction:
        return read_until(rest, "?>");
    }
    return {};
}

result<> guard::read_tag(std::string_view& rest) {
    std::size_t n = 0;
    if (token_length_ == 1) { // the character after '<'
        char c = rest.front();
        closing_ = c == '/';
        if (c == '!' || c == '?') {
            held_.push_back(c);
            token_length_ = 2;
            state_ = c == '!' ? state::bang : state::instruction;
            take(rest, 1);
            return {};
        }
    }
    bool closed = false;
    while (n < rest.size() && !closed) {
        if (quote_) { // whole stretches of a value
            const void* end = std::memchr(rest.data() + n, quote_, rest.size() - n);
            if (end) quote_ = 0;
            n = end ? static_cast<std::size_t>(static_cast<const char*>(end) - rest.data()) + 1 : rest.size();
            last_ = rest[n - 1];
            continue;
        }
        char c = rest[n++];
        if (c == '"' || c == '\'') {
            quote_ = c;
            if (++attributes_ > limits_.attributes)
                return failed(errc::over_budget, fmt::format("more than {} attributes", limits_.attributes));
        } else if (c == '<') {
            return failed(errc::not_xml, fmt::format("'<' inside a tag at byte {}", position_ + n - 1));
        } else if (c == '>') {
            closed = true;
            continue;
        }
        last_ = c;
    }
    token_length_ += n;
    if (token_length_ > limits_.tag_bytes)
        return failed(errc::over_budget, fmt::format("a tag of more than {} bytes", limits_.tag_bytes));
    if (observer_) held_.append(rest.substr(0, n));
    take(rest, n);
    return closed ? close_tag() : result<>{};
}

result<> guard::close_tag() {
    state_ = state::text;
    tag_place place{closing_       ? tag_place::kind::end
                    : last_ == '/' ? tag_place::kind::empty
                                   : tag_place::kind::start,
                    held_,
                    token_offset_,
                    token_length_,
                    elements_,
                    0};
    if (closing_) {
        if (open_.empty()) return failed(errc::not_xml, "an end tag too many");
        place.ordinal = open_.back();
        place.depth = open_.size();
        open_.pop_back();
    } else {
        if (++elements_ > limits_.elements)
            return failed(errc::over_budget, fmt::format("more than {} elements", limits_.elements));
        place.depth = open_.size() + 1;
        if (place.depth > limits_.depth) return failed(errc::over_budget, fmt::format("deeper than {}", limits_.depth));
        if (place.what == tag_place::kind::start) open_.push_back(place.ordinal);
    }
    return observer_ ? observer_->tag(place) : result<>{};
}

result<> guard::read_bang(std::string_view& rest) {
    held_.push_back(rest.front());
    take(rest, 1);
    ++token_length_;
    constexpr std::string_view comment = "<!--", cdata = "<![CDATA[";
    if (held_ == comment || held_ == cdata)
        state_ = held_ == comment ? state::comment : state::cdata;
    else if (held_[2] == 'D')
        return failed(errc::doctype_refused);
    else if (!comment.starts_with(held_) && !cdata.starts_with(held_))
        return failed(errc::not_xml, fmt::format("unknown declaration at byte {}", token_offset_));
    if (state_ != state::bang) last_ = before_last_ = 0;
    return {};
}

// From candidate to candidate for the last character of `closing`; what stood before it may be in an earlier piece.
result<> guard::read_until(std::string_view& rest, std::string_view closing) {
    std::size_t n = rest.find(closing.back());
    bool candidate = n != rest.npos;
    n = candidate ? n + 1 : rest.size();
    std::string_view part = rest.substr(0, n);
    if (state_ == state::instruction && held_.size() < declaration_bytes)
        held_.append(part.substr(0, declaration_bytes - held_.size()));
    token_length_ += n;
    if (state_ != state::cdata && token_length_ > limits_.markup_bytes)
        return failed(errc::over_budget, fmt::format("markup of more than {} bytes", limits_.markup_bytes));
    char last = n > 1 ? part[n - 2] : last_;
    char before = n > 2 ? part[n - 3] : n > 1 ? last_ : before_last_;
    take(rest, n);
    bool closed = candidate && last == closing[closing.size() - 2] && (closing.size() < 3 || before == closing[0]);
    if (!closed) {
        before_last_ = last;
        last_ = part.back();
        return {};
    }
    bool instruction = state_ == state::instruction;
    state_ = state::text;
    return instruction ? close_instruction() : result<>{};
}

result<> guard::close_instruction() {
    std::string_view text = held_;
    if (!text.starts_with("<?xml") || text.size() < 6 || spaces.find(text[5]) == spaces.npos) return {};
    // What stands behind would be seen by other readers only.
    if (text.size() == declaration_bytes)
        return failed(errc::encoding_unsupported, fmt::format("a declaration of {} bytes or more", declaration_bytes));
    std::string_view encoding = declared(text, "encoding");
    if (!encoding.empty() && !same_ignoring_case(encoding, "utf-8") && !same_ignoring_case(encoding, "us-ascii"))
        return failed(errc::encoding_unsupported, fmt::format("encoding {}", encoding.substr(0, 40)));
    ascii_ = same_ignoring_case(encoding, "us-ascii");
    if (declared(text, "version") != "1.0") return failed(errc::encoding_unsupported, "not XML 1.0");
    return {};
}

} // namespace vanthu::xml
