#include "schemas/edxml/scanner.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace vanthu::edxml {
namespace {

constexpr std::string_view spaces = " \t\r\n";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool forbidden_control(char c) {
    auto u = static_cast<unsigned char>(c);
    return u < 0x20 && spaces.find(c) == spaces.npos;
}

std::string_view local_name(std::string_view tag) { // "<a:b c='d'>" or "</a:b>": b
    tag.remove_prefix(tag.starts_with("</") ? 2 : 1);
    std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/>"));
    std::size_t colon = name.find(':');
    return colon == name.npos ? name : name.substr(colon + 1);
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

// The value of encoding="..." in an XML declaration; empty where there is none.
std::string_view declared_encoding(std::string_view declaration) {
    std::size_t at = declaration.find("encoding");
    if (at == declaration.npos) return {};
    std::size_t open = declaration.find_first_of("\"'", at);
    if (open == declaration.npos) return {};
    std::size_t close = declaration.find(declaration[open], open + 1);
    return close == declaration.npos ? std::string_view{} : declaration.substr(open + 1, close - open - 1);
}

// &#13; and its kin, which Java writers leave in base64 text. Nothing else may be referred to there.
bool is_space_reference(std::string_view reference) {
    static constexpr std::string_view known[] = {"&#13;",  "&#10;",  "&#9;",   "&#32;",  "&#xD;",
                                                 "&#xd;",  "&#xA;",  "&#xa;",  "&#x9;",  "&#x20;",
                                                 "&#x0D;", "&#x0d;", "&#x0A;", "&#x0a;", "&#x09;"};
    return std::find(std::begin(known), std::end(known), reference) != std::end(known);
}
constexpr std::size_t longest_reference = 6;

} // namespace

void scanner::take(std::string_view& rest, std::size_t n) {
    rest.remove_prefix(n);
    position_ += n;
}

result<> scanner::hold(std::string_view more, std::size_t limit, errc code) {
    header_bytes_ += more.size();
    if (held_.size() + more.size() > limit) return failed(code, fmt::format("more than {} bytes", limit));
    if (header_bytes_ > limits_.header_bytes)
        return failed(errc::text_too_long,
                      fmt::format("more than {} bytes outside the attachments", limits_.header_bytes));
    held_.append(more);
    return {};
}

result<> scanner::emit() {
    if (!is_utf8(held_)) return failed(errc::encoding_unsupported, fmt::format("not UTF-8 before byte {}", position_));
    result<> answer = handler_.token(held_);
    held_.clear();
    return answer;
}

result<> scanner::feed(std::string_view piece) {
    while (!piece.empty()) VANTHU_CHECK(step(piece));
    return {};
}

result<> scanner::finish() {
    if (state_ == state::prolog) {
        std::string_view nothing;
        VANTHU_CHECK(read_prolog(nothing, true));
    }
    if (!root_seen_ && state_ == state::text) return failed(errc::not_xml, "no element");
    if (state_ != state::text || !open_.empty())
        return failed(errc::truncated, fmt::format("ends at byte {}", position_));
    if (!held_.empty()) return emit();
    return {};
}

result<> scanner::step(std::string_view& rest) {
    switch (state_) {
    case state::prolog:
        return read_prolog(rest, false);
    case state::text:
        return read_text(rest);
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
    case state::transfer:
        return read_transfer(rest);
    case state::transfer_reference:
        return read_transfer_reference(rest);
    case state::transfer_bang:
        return read_transfer_bang(rest);
    case state::transfer_cdata:
        return read_transfer_cdata(rest);
    }
    return {};
}

// ── before the document ─────────────────────────────────────────────────────────────────────────────────────────────

// Holds bytes until it is certain where the document begins: at the first '<' when only white space (and a BOM)
// precedes it, else at "<?xml" within the tolerated junk.
result<> scanner::read_prolog(std::string_view& rest, bool ended) {
    if (!ended) { // one byte a step, so that the answer cannot depend on the cuts
        held_.push_back(rest.front());
        take(rest, 1);
    }
    std::string_view seen = held_;
    using namespace std::string_view_literals;
    for (std::string_view wide : {"\xFF\xFE"sv, "\xFE\xFF"sv, "\0<"sv, "\0\0"sv})
        if (seen.starts_with(wide)) return failed(errc::encoding_unsupported, "UTF-16 or UTF-32");
    if (seen.size() > 1 && seen.find('\0') != seen.npos) return failed(errc::not_xml, "binary data");
    if (ended) {
        bool blank = seen.find_first_not_of(spaces) == seen.npos;
        return blank ? failed(errc::empty, "no byte but white space")
                     : failed(errc::not_xml, "no XML declaration and no element");
    }
    std::size_t skip = seen.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    std::size_t begin = seen.find_first_not_of(spaces, skip);
    if (begin != seen.npos && seen[begin] == '<') return begin_document(begin);
    if (std::size_t at = seen.find("<?xml"); at != seen.npos) return begin_document(at);
    if (seen.size() >= limits_.leading_junk_bytes + 5)
        return failed(errc::not_xml,
                      fmt::format("no XML declaration in the first {} bytes", limits_.leading_junk_bytes));
    return {};
}

result<> scanner::begin_document(std::size_t skipped) {
    std::size_t junk = skipped;
    if (std::string_view(held_).starts_with(byte_order_mark)) {
        handler_.remark(finding_code::byte_order_mark, {});
        junk -= byte_order_mark.size();
    }
    if (junk > 0) handler_.remark(finding_code::leading_junk, fmt::format("{} bytes", junk));
    std::string begun = held_.substr(skipped);
    held_.clear();
    position_ -= begun.size();
    state_ = state::text;
    // The parser always gets this declaration; the packet's own is checked by close_instruction().
    VANTHU_CHECK(handler_.token("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
    return feed(begun);
}

// ── markup ──────────────────────────────────────────────────────────────────────────────────────────────────────────

result<> scanner::read_text(std::string_view& rest) {
    std::size_t n = std::min(rest.find('<'), rest.size());
    VANTHU_CHECK(hold(rest.substr(0, n), limits_.text_bytes, errc::text_too_long));
    take(rest, n);
    if (rest.empty()) return {};
    if (!held_.empty()) VANTHU_CHECK(emit());
    held_ = "<";
    take(rest, 1);
    header_bytes_ += 1;
    quote_ = 0;
    attributes_ = 0;
    state_ = state::tag;
    return {};
}

result<> scanner::read_tag(std::string_view& rest) {
    if (held_.size() == 1 && (rest.front() == '!' || rest.front() == '?')) {
        state_ = rest.front() == '!' ? state::bang : state::instruction;
        VANTHU_CHECK(hold(rest.substr(0, 1), limits_.tag_bytes, errc::tag_too_long));
        take(rest, 1);
        return {};
    }
    // At a time no more than the limits allow, so that hold() refuses the very byte that goes beyond.
    auto left = [](std::uint64_t limit, std::uint64_t used) { return limit - std::min(limit, used); };
    const std::uint64_t room =
        std::min(left(limits_.tag_bytes, held_.size()), left(limits_.header_bytes, header_bytes_));
    const std::string_view piece = rest.substr(0, std::max<std::uint64_t>(room, 1));
    std::size_t n = 0;
    char last = 0;
    bool ends = false;
    while (n < piece.size() && !ends) {
        last = piece[n++];
        if (last == '\0') {
            ends = true;
        } else if (quote_) {
            if (last == quote_) quote_ = 0;
        } else if (last == '"' || last == '\'') {
            quote_ = last;
        } else if (last == '=') {
            ends = ++attributes_ > limits_.tag_attributes;
        } else {
            ends = last == '<' || last == '>';
        }
    }
    take(rest, n);
    if (last == '\0') return failed(errc::encoding_unsupported, "a zero byte inside a tag");
    VANTHU_CHECK(hold(piece.substr(0, n), limits_.tag_bytes, errc::tag_too_long));
    if (!ends) return {};
    if (last == '>') return close_tag();
    if (last == '=')
        return failed(errc::too_many_attributes, fmt::format("more than {} in one tag", limits_.tag_attributes));
    return failed(errc::not_well_formed, fmt::format("'<' inside a tag before byte {}", position_));
}

result<> scanner::read_bang(std::string_view& rest) {
    char c = rest.front();
    take(rest, 1);
    VANTHU_CHECK(hold({&c, 1}, limits_.tag_bytes, errc::tag_too_long));
    constexpr std::string_view comment = "<!--", cdata = "<![CDATA[";
    if (held_ == comment)
        state_ = state::comment;
    else if (held_ == cdata)
        state_ = state::cdata;
    else if (held_[2] == 'D' || held_[2] == 'd')
        return failed(errc::doctype_refused);
    else if (!comment.starts_with(held_) && !cdata.starts_with(held_))
        return failed(errc::not_well_formed, fmt::format("unknown declaration before byte {}", position_));
    return {};
}

result<> scanner::read_until(std::string_view& rest, std::string_view closing) {
    // Whole stretches up to the next candidate for the last character of `closing`.
    std::size_t n = rest.find(closing.back());
    n = n == rest.npos ? rest.size() : n + 1;
    VANTHU_CHECK(hold(rest.substr(0, n), limits_.text_bytes, errc::text_too_long));
    take(rest, n);
    std::size_t opening = state_ == state::comment ? 4 : state_ == state::cdata ? 9 : 2;
    if (held_.size() < opening + closing.size() || !held_.ends_with(closing)) return {};
    if (state_ == state::instruction) return close_instruction();
    bool keep = state_ == state::cdata;
    state_ = state::text;
    if (keep) {
        if (open_.empty()) return failed(errc::not_well_formed, "CDATA outside the root element");
        return emit();
    }
    if (!is_utf8(held_)) return failed(errc::encoding_unsupported, "a comment is not UTF-8");
    held_.clear();
    return {};
}

result<> scanner::close_instruction() {
    std::string_view text = held_;
    bool declaration = text.starts_with("<?xml") && spaces.find(text[5]) != spaces.npos;
    if (declaration) {
        if (root_seen_ || elements_ > 0 || declared_)
            return failed(errc::not_well_formed, "XML declaration inside the document");
        declared_ = true;
        std::string_view encoding = declared_encoding(text);
        if (!encoding.empty() && !same_ignoring_case(encoding, "utf-8") && !same_ignoring_case(encoding, "utf8") &&
            !same_ignoring_case(encoding, "us-ascii"))
            return failed(errc::encoding_unsupported, fmt::format("encoding {}", encoding.substr(0, 40)));
    }
    held_.clear();
    state_ = state::text;
    return {};
}

result<> scanner::close_tag() {
    std::string_view tag = held_;
    state_ = state::text;
    if (tag.starts_with("</")) return close_element();
    return open_element(tag, tag.ends_with("/>"));
}

result<> scanner::open_element(std::string_view tag, bool empty) {
    if (!declared_ && !root_seen_) handler_.remark(finding_code::declaration_missing, {});
    root_seen_ = true;
    if (++elements_ > limits_.elements)
        return failed(errc::too_many_elements, fmt::format("more than {}", limits_.elements));
    if (open_.size() >= limits_.depth) return failed(errc::too_deep, fmt::format("deeper than {}", limits_.depth));
    std::string_view name = local_name(tag);
    element parent = open_.empty() ? element::other : open_.back(), self = element::other;
    if (name == "AttachmentEncoded" && parent == element::other) self = element::attachment_encoded;
    if (name == "Attachment" && parent == element::attachment_encoded) self = element::attachment;
    if (name == "ContentTransferEncoded" && parent == element::attachment) self = element::transfer;
    if (self == element::attachment && ++attachments_ > limits_.attachments)
        return failed(errc::too_many_attachments, fmt::format("more than {}", limits_.attachments));
    open_.push_back(self);
    if (empty) open_.pop_back(); // its token opens and closes: the parser's depth is compared after it
    VANTHU_CHECK(emit());
    if (self == element::attachment) {
        VANTHU_CHECK(handler_.attachment_begin());
        if (empty) return handler_.attachment_end();
    }
    if (self == element::transfer) {
        transfer_offset_ = position_;
        transfer_utf8_ = {};
        VANTHU_CHECK(handler_.transfer_begin(position_));
        if (empty) return handler_.transfer_end(0);
        state_ = state::transfer;
    }
    return {};
}

result<> scanner::close_element() {
    if (open_.empty()) return failed(errc::not_well_formed, "an end tag too many");
    element closed = open_.back();
    open_.pop_back();
    if (closed == element::transfer) VANTHU_CHECK(handler_.transfer_end(transfer_end_ - transfer_offset_));
    VANTHU_CHECK(emit());
    return closed == element::attachment ? handler_.attachment_end() : result<>{};
}

// ── base64 text ─────────────────────────────────────────────────────────────────────────────────────────────────────

result<> scanner::transfer_characters(std::string_view text) {
    for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 64u << 10)))
        VANTHU_CHECK(handler_.transfer_text(text.substr(0, 64u << 10)));
    return {};
}

// What is not base64 makes a damaged attachment, not a broken packet; but what could not stand in XML at all would let
// us pass on a packet that nobody can read.
result<> scanner::check_transfer(std::string_view text) {
    std::uint8_t odd = 0; // no early exit and nothing wider than a byte: this loop becomes vector code
    for (char c : text)
        odd = static_cast<std::uint8_t>(odd | ((static_cast<signed char>(c) < 0x20) & (c != '\n') & (c != '\r')));
    if (!odd && transfer_utf8_.complete()) return {};
    if (std::any_of(text.begin(), text.end(), forbidden_control))
        return failed(errc::not_well_formed, fmt::format("control character before byte {}", position_));
    if (!transfer_utf8_.feed(text))
        return failed(errc::encoding_unsupported, fmt::format("not UTF-8 before byte {}", position_));
    return {};
}

result<> scanner::read_transfer(std::string_view& rest) {
    std::size_t n = rest.size();
    if (const void* tag = std::memchr(rest.data(), '<', n))
        n = static_cast<std::size_t>(static_cast<const char*>(tag) - rest.data());
    if (const void* amp = std::memchr(rest.data(), '&', n))
        n = static_cast<std::size_t>(static_cast<const char*>(amp) - rest.data());
    std::string_view text = rest.substr(0, n);
    take(rest, n);
    VANTHU_CHECK(check_transfer(text));
    VANTHU_CHECK(transfer_characters(text));
    if (rest.empty()) return {};
    if (!transfer_utf8_.complete())
        return failed(errc::encoding_unsupported, fmt::format("not UTF-8 before byte {}", position_));
    state_ = rest.front() == '&' ? state::transfer_reference : state::transfer_bang;
    transfer_end_ = position_;
    held_.assign(1, rest.front());
    take(rest, 1);
    return {};
}

result<> scanner::read_transfer_reference(std::string_view& rest) {
    held_.push_back(rest.front());
    take(rest, 1);
    if (held_.back() != ';' && held_.size() < longest_reference) return {};
    if (!is_space_reference(held_)) return failed(errc::transfer_markup, "a reference in base64 text");
    held_.clear();
    state_ = state::transfer;
    return {};
}

result<> scanner::read_transfer_bang(std::string_view& rest) {
    held_.push_back(rest.front());
    take(rest, 1);
    if (held_ == "</") {
        header_bytes_ += 2;
        quote_ = 0;
        state_ = state::tag;
        return {};
    }
    constexpr std::string_view cdata = "<![CDATA[";
    if (!cdata.starts_with(held_)) return failed(errc::transfer_markup, "markup in base64 text");
    if (held_ == cdata) {
        held_.clear();
        state_ = state::transfer_cdata;
    }
    return {};
}

result<> scanner::read_transfer_cdata(std::string_view& rest) {
    // held_ is "", "]" or "]]": what may be the beginning of the closing mark.
    if (held_.empty()) {
        std::size_t n = std::min(rest.find(']'), rest.size());
        std::string_view text = rest.substr(0, n);
        take(rest, n);
        VANTHU_CHECK(check_transfer(text));
        VANTHU_CHECK(transfer_characters(text));
        if (rest.empty()) return {};
    }
    held_.push_back(rest.front());
    take(rest, 1);
    if (held_ == "]" || held_ == "]]") return {};
    if (held_ == "]]>") {
        held_.clear();
        state_ = state::transfer;
        return {};
    }
    return failed(errc::transfer_markup, "']' in base64 text");
}

} // namespace vanthu::edxml
